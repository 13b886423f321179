// The map: closer and further, by button, wheel and dragging; marks keep their size on the screen.

const NEAREST = 12;

export class TransitMap {
  constructor(element) {
    this.element = element;
    this.sheet = element.querySelector("svg");
    this.marks = element.querySelector("[data-marks]");
    this.scale = JSON.parse(element.dataset.scale);
    const [, , width, height] = this.sheet.getAttribute("viewBox").split(" ").map(Number);
    this.whole = { x: 0, y: 0, width, height };
    this.view = { ...this.whole };
    this.moved = false;
    this.listen();
    if (element.dataset.fit) this.fit();
    else this.show();
  }

  place(lon, lat) {
    return [(lon - this.scale.west) * this.scale.x, (this.scale.north - lat) * this.scale.y];
  }

  position(x, y) {
    return [this.scale.west + x / this.scale.x, this.scale.north - y / this.scale.y];
  }

  at(event) {
    const box = this.sheet.getBoundingClientRect();
    const ratio = Math.max(this.view.width / box.width, this.view.height / box.height);
    const x = this.view.x + this.view.width / 2 + (event.clientX - box.left - box.width / 2) * ratio;
    const y = this.view.y + this.view.height / 2 + (event.clientY - box.top - box.height / 2) * ratio;
    return [x, y];
  }

  zoom(by, [x, y] = [this.view.x + this.view.width / 2, this.view.y + this.view.height / 2]) {
    const width = Math.min(this.whole.width, Math.max(NEAREST, this.view.width * by));
    const share = width / this.view.width;
    this.view = { x: x - (x - this.view.x) * share, y: y - (y - this.view.y) * share, width, height: this.view.height * share };
    this.show();
  }

  fit() {
    const points = [];
    for (const line of this.element.querySelectorAll("polyline")) for (const point of line.points) points.push([point.x, point.y]);
    for (const mark of this.element.querySelectorAll("circle")) points.push([mark.cx.baseVal.value, mark.cy.baseVal.value]);
    if (!points.length) this.view = { ...this.whole };
    else {
      const xs = points.map((point) => point[0]);
      const ys = points.map((point) => point[1]);
      const around = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
      const width = Math.max(NEAREST * 3, (around[2] - around[0]) * 1.2, ((around[3] - around[1]) * 1.25 * this.whole.width) / this.whole.height);
      const height = (width * this.whole.height) / this.whole.width;
      this.view = { x: (around[0] + around[2] - width) / 2, y: (around[1] + around[3] - height) / 2, width, height };
    }
    this.show();
  }

  show() {
    const { x, y, width, height } = this.view;
    this.sheet.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
    const shown = this.sheet.clientWidth || this.whole.width;
    const radius = (7 * width) / shown;
    for (const mark of this.element.querySelectorAll("circle")) mark.setAttribute("r", radius.toFixed(3));
  }

  listen() {
    const ways = { in: () => this.zoom(0.6), out: () => this.zoom(1 / 0.6), fit: () => this.fit() };
    for (const button of this.element.querySelectorAll("[data-zoom]")) button.addEventListener("click", ways[button.dataset.zoom]);
    this.sheet.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !this.element.matches(":focus-within")) return;
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, this.at(event));
    }, { passive: false });
    let from = null;
    this.sheet.addEventListener("pointerdown", (event) => { from = { at: this.at(event), x: event.clientX, y: event.clientY }; this.moved = false; });
    this.sheet.addEventListener("pointermove", (event) => {
      if (!from || Math.hypot(event.clientX - from.x, event.clientY - from.y) < 5) return;
      this.moved = true;
      const [x, y] = this.at(event);
      this.view.x += from.at[0] - x;
      this.view.y += from.at[1] - y;
      this.show();
    });
    for (const name of ["pointerup", "pointerleave", "pointercancel"]) this.sheet.addEventListener(name, () => { from = null; });
    this.sheet.addEventListener("click", (event) => { if (this.moved) event.preventDefault(); }, true);
    window.addEventListener("resize", () => this.show());
  }
}

export const maps = [...document.querySelectorAll("[data-transit-map]")].map((element) => new TransitMap(element));
