/* What Material gives to the mouse alone: the menu of a phone, boxes that scroll sideways. */

/** The menu's label becomes a button; Escape closes what it opened. */
function menuButton(label, drawer) {
  const button = document.createElement("button");
  const menu = document.querySelector(".md-nav--primary");
  const follow = () => button.setAttribute("aria-expanded", drawer.checked);
  button.type = "button";
  button.className = label.className;
  button.ariaLabel = menu.ariaLabel;
  button.setAttribute("for", "__drawer"); // Material's style knows it by that
  button.append(...label.childNodes);
  button.addEventListener("click", () => drawer.click());
  drawer.addEventListener("change", follow);
  addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !drawer.checked) return;
    drawer.click();
    button.focus();
  });
  follow();
  label.replaceWith(button);
}

/** Keys scroll a box that has the focus, so each that overflows can get it. */
function scrollsByKey(box) {
  const follow = () => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  new ResizeObserver(follow).observe(box);
}

{
  const label = document.querySelector(".md-header [for=__drawer]");
  if (label) menuButton(label, document.getElementById("__drawer"));
  for (const title of document.querySelectorAll(".md-nav--primary .md-nav .md-nav__title[for]")) title.tabIndex = 0; // back
  addEventListener("load", () =>
    document.querySelectorAll(".formula, .md-typeset__scrollwrap:not([tabindex])").forEach(scrollsByKey),
  );
}
