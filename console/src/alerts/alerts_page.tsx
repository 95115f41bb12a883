/** The queue of alerts, and the one that is looked at. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { listAlerts } from "../api/detections";
import { session } from "../api/session";
import { Empty, Refused } from "../parts/empty";
import { step, usePageKeys } from "../parts/list_keys";
import { useLoaded, useReloading } from "../parts/loaded";
import { go, place } from "../shell/router";
import { AlertDetail } from "./alert_detail";
import { AlertList } from "./alert_list";
import { AlertFilters } from "./alert_filters";
import "../parts/list.css";
import "./alerts.css";
import { currentFilters, filtered, filterParameters, type Filters } from "./filters";


function NoAlerts({ filters, all }: { filters: Filters; all: number }): JSX.Element {
  if (session.value !== null && !session.value.ledger) {
    return (
      <Empty title="No service has run yet" command="bluetick schedule rules/ --lake lake/">
        Alerts come from rules that run on their schedule. The service keeps them in a ledger beside the lake, where this page finds
        them.
      </Empty>
    );
  }
  if (all > 0 || filters.text || filters.severity || filters.rule) return <Empty title="No alert is like that" />;
  if (filters.state === "open") {
    return <Empty title="No open alert">Everything was looked at, or nothing was found. Rules that found nothing can say why: open one under Rules.</Empty>;
  }
  return <Empty title="No alert" command="bluetick schedule rules/ --lake lake/" />;
}

export function AlertsPage(): JSX.Element {
  const filters = currentFilters();
  const id = place.value.id;
  const asked = filters.state === "open" ? true : filters.state === "closed" ? false : null;
  const loaded = useLoaded(() => listAlerts(asked), filters.state);
  const every = loaded.value?.alerts ?? [];
  const alerts = filtered(every, filters);
  const [cursor, move] = useState(0);
  const search = useRef<HTMLInputElement>(null);
  const parameters = filterParameters(filters);

  useReloading(loaded);

  const own = alerts.findIndex((alert) => alert.id === id);
  useEffect(() => {
    if (own >= 0) move(own);
  }, [own]);

  const walk = (by: number): void => {
    // An alert that was closed has left the list: the one in its place is next.
    const at = step(cursor, id !== "" && own < 0 && by > 0 ? 0 : by, alerts.length);
    move(at);
    const next = alerts[at];
    if (id !== "" && next) go("alerts", next.id, parameters);
  };
  usePageKeys("alerts", [
    { key: "j", keys: "j", does: "Next alert", run: () => walk(1) },
    { key: "k", keys: "k", does: "Alert before", run: () => walk(-1) },
    { key: "Enter", keys: "Enter", does: "Open it", run: () => alerts[cursor] && go("alerts", alerts[cursor].id, parameters) },
    { key: "Escape", keys: "Escape", does: "Back to the queue", run: () => go("alerts", "", parameters) },
    { key: "/", keys: "/", does: "Find in the queue", run: () => search.current?.focus() },
    { key: "e", keys: "e", does: "Why it fired", run: () => dispatchEvent(new Event("bluetick:explain")) },
    { key: "x", keys: "x", does: "Close it", run: () => dispatchEvent(new Event("bluetick:close")) },
    { key: "m", keys: "m", does: "Take it", run: () => dispatchEvent(new Event("bluetick:take")) },
  ]);

  return (
    <div class={`split ${id === "" ? "" : "two"}`}>
      <section class="queue" aria-label="Queue">
        <header>
          <h1>Alerts</h1>
          <span class="quiet" role="status">
            {loaded.value !== null && `${alerts.length.toLocaleString("en")}${alerts.length < every.length ? ` of ${every.length.toLocaleString("en")}` : ""}`}
            {loaded.value?.more && `, of the newest ${every.length.toLocaleString("en")}`}
          </span>
          <AlertFilters filters={filters} alerts={every} search={search} />
        </header>
        {loaded.error !== null && <Refused error={loaded.error} again={() => void loaded.reload()} />}
        {alerts.length > 0 && <AlertList alerts={alerts} cursor={cursor} opened={id} parameters={parameters} />}
        {loaded.value !== null && alerts.length === 0 && <NoAlerts filters={filters} all={every.length} />}
      </section>
      {id !== "" && <AlertDetail key={id} id={id} parameters={parameters} onChanged={loaded.reload} />}
    </div>
  );
}
