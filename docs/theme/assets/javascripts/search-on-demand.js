/* Material fetches the search index and starts its worker with every page; here both wait for a reader who searches. */
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
  const Busy = window.Worker;
  window.Worker = class extends EventTarget { // begins with its first message, which comes with the index
    constructor(...given) {
      super();
      this.begin = () => {
        const worker = new Busy(...given);
        worker.onmessage = ({ data }) => this.dispatchEvent(new MessageEvent("message", { data }));
        return worker;
      };
    }
    postMessage(...message) {
      this.worker ??= this.begin();
      this.worker.postMessage(...message);
    }
  };
}
