// What every page needs: the played clock, dialogs, shortcuts, parts that renew themselves, charts.
import { drawCharts } from "./charts.js";
import { startClock } from "./clock.js";
import { startDialogs } from "./dialogs.js";
import { startKeys } from "./keys.js";
import { startRefresh } from "./refresh.js";

startClock();
startDialogs();
const refresh = startRefresh();
startKeys(refresh);
drawCharts(document);
document.body.addEventListener("htmx:afterSwap", (event) => drawCharts(event.target));
