/* Material searches when a key is let go; a word picked with the mouse or a finger, and a pasted one, come without. */
for (const input of document.querySelectorAll(".md-search__input")) {
  const search = (event) => event.isComposing || input.dispatchEvent(new Event("keyup"));
  input.addEventListener("input", search);
  input.addEventListener("compositionend", () => input.dispatchEvent(new Event("keyup")));
}
