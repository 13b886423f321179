// Drawing a route: each click on the map adds a position to the list, and the list, however it was filled, is drawn.
import { maps } from "./map.js";

const map = maps[0];
const form = document.querySelector("[data-transit-draw]");
const list = form.querySelector("textarea");
const line = map.element.querySelector("polyline");

function positions() {
  return list.value.split("\n").map((text) => text.split(/[,;]/).map(Number)).filter(([lat, lon]) => Number.isFinite(lat) && Number.isFinite(lon));
}

function draw() {
  line.setAttribute("points", positions().map(([lat, lon]) => map.place(lon, lat).map((value) => value.toFixed(2)).join(",")).join(" "));
}

map.sheet.addEventListener("click", (event) => {
  if (map.moved) return;
  const [lon, lat] = map.position(...map.at(event));
  const before = list.value.trim();
  list.value = `${before}${before ? "\n" : ""}${lat.toFixed(5)}, ${lon.toFixed(5)}`;
  draw();
});
form.querySelector("[data-undo]").addEventListener("click", () => {
  list.value = list.value.trim().split("\n").slice(0, -1).join("\n");
  draw();
});
list.addEventListener("input", draw);
draw();
