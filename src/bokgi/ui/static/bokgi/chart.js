// Charts: a [data-chart] box holds a Vega-Lite specification as JSON, one for wide and one for narrow boxes. It is drawn
// as SVG without eval (the expressions are walked as a tree), with colours that are the page's own custom properties, so
// that a change of theme needs no new drawing; it is drawn again only when the box gets wider or narrower.
(() => {
  "use strict";
  const NARROW = 520;
  const drawn = new WeakMap();
  const loaded = (() => {
    let waiting;
    return () => {
      if (window.vegaEmbed) return Promise.resolve();
      waiting ??= new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = document.querySelector("meta[name=vega]").content;
        script.addEventListener("load", resolve);
        script.addEventListener("error", reject);
        document.head.append(script);
      });
      return waiting;
    };
  })();
  const draw = async (box) => {
    const width = Math.floor(box.clientWidth);
    const before = drawn.get(box);
    if (!width || before?.width === width) return;
    drawn.set(box, { width, view: before?.view });
    await loaded();
    const specs = JSON.parse(box.dataset.chart);
    const spec = { ...(width < NARROW ? specs.narrow : specs.wide), width };
    const font = getComputedStyle(document.body).fontFamily;
    const place = document.createElement("div");
    place.setAttribute("aria-hidden", "true");
    const options = {
      mode: "vega-lite", renderer: "svg", ast: true, actions: false, tooltip: false, defaultStyle: false, config: { font },
    };
    box.append(place);
    const { view } = await window.vegaEmbed(place, spec, options);
    if (drawn.get(box)?.width !== width) {
      view.finalize();
      place.remove();
      return;
    }
    before?.view?.finalize();
    for (const old of box.querySelectorAll(":scope > div")) if (old !== place) old.remove();
    drawn.set(box, { width, view });
    box.classList.add("is-drawn");
  };
  const observer = new ResizeObserver((entries) => {
    for (const entry of entries) draw(entry.target).catch((problem) => console.error("chart", problem));
  });
  const watch = (root) => {
    for (const box of root.querySelectorAll("[data-chart]")) observer.observe(box);
  };
  document.addEventListener("htmx:afterSettle", (event) => watch(event.target.parentElement || document));
  watch(document);
})();
