/* Material fetches the search index with every page; here it waits until the reader turns to the search. */
{
  const asked = /[?&][hq]=/.test(location.search); // a result was followed, or a link that searches
  const turnedTo = (element, ...events) =>
    new Promise((resolve) => events.forEach((name) => element?.addEventListener(name, resolve, { once: true })));
  const wanted = Promise.race([
    asked ? 0 : new Promise(() => {}),
    turnedTo(document.querySelector("form[name=search]"), "focusin", "pointerover"),
    turnedTo(document.getElementById("__search"), "change"),
  ]);
  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, address, ...rest) {
    this.isIndex = String(address).endsWith("/search_index.json");
    open.call(this, method, address, ...(rest.length ? rest : [true]));
  };
  XMLHttpRequest.prototype.send = function (...body) {
    if (this.isIndex) wanted.then(() => send.apply(this, body));
    else send.apply(this, body);
  };
}
