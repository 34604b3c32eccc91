/* Colors stand when a page opens: Material's script says them once more, and each time all of it would be styled anew. */
{
  const { body, head } = document;
  const add = (node) => Node.prototype.appendChild.call(head, node);
  const drawn = body.getAttribute("data-md-color-scheme");
  const change = (act) => body.querySelector("[data-md-component=palette]")?.addEventListener("change", act, { once: true });

  if (drawn === (matchMedia("(prefers-color-scheme: dark)").matches ? "slate" : "default")) {
    body.setAttribute = (name, value) => { // nothing fades while colors are switched; there is nothing to switch yet
      if (name !== "data-md-color-switching" || document.readyState === "complete") Element.prototype.setAttribute.call(body, name, value);
    };
    // Of a light page a browser need not be told.
    if (drawn === "default") head.appendChild = (node) => (node.name === "color-scheme" ? change(() => add(node)) : add(node));
  }
}
