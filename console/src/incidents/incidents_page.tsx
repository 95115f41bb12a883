/** Incidents: alerts that are worked on together. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { listIncidents, type Incident } from "../api/detections";
import { session } from "../api/session";
import { Empty, Refused } from "../parts/empty";
import { EntitiesBrief } from "../parts/entities";
import "../parts/list.css";
import { step, usePageKeys } from "../parts/list_keys";
import { ListHeader } from "../parts/list_header";
import { useLoaded, useReloading } from "../parts/loaded";
import { Severity } from "../parts/severity";
import { Time } from "../parts/time";
import { address, go, place } from "../shell/router";
import { Inert } from "../text/inert";
import { IncidentDetail } from "./incident_detail";

const STATES = ["open", "closed", "all"] as const;

export function isClosed(incident: { readonly status: string }): boolean {
  return incident.status.toLowerCase() === "closed";
}

export function IncidentStatus({ incident }: { incident: Incident }): JSX.Element {
  if (!isClosed(incident)) return <span class={`chip ${incident.status === "Active" ? "warn" : "accent"}`}>{incident.status}</span>;
  const words = (incident.classification ?? "closed").replace(/([a-z])([A-Z])/g, "$1 $2");
  return <span class={`chip ${incident.classification === "TruePositive" ? "bad" : "good"}`}>{words}</span>;
}

function shown(incident: Incident, state: string, text: string): boolean {
  if (state !== "all" && isClosed(incident) !== (state === "closed")) return false;
  const whole = [String(incident.number), incident.title, incident.owner, ...incident.techniques].join("\n").toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => whole.includes(word));
}

export function IncidentsPage(): JSX.Element {
  const { id, parameters } = place.value;
  const state = parameters.get("state") ?? "open";
  const text = parameters.get("text") ?? "";
  const kept = Object.fromEntries(parameters);
  const loaded = useLoaded(listIncidents, "incidents");
  const incidents = (loaded.value ?? []).filter((one) => shown(one, state, text));
  const [cursor, move] = useState(0);
  const search = useRef<HTMLInputElement>(null);
  const own = incidents.findIndex((one) => String(one.number) === id || one.id === id);

  useReloading(loaded);
  useEffect(() => {
    if (own >= 0) move(own);
  }, [own]);

  const walk = (by: number): void => {
    const at = step(cursor, id !== "" && own < 0 && by > 0 ? 0 : by, incidents.length);
    move(at);
    const next = incidents[at];
    if (id !== "" && next) go("incidents", String(next.number), kept);
  };
  const change = (edit: Record<string, string>): void => go("incidents", id, { ...kept, ...edit });
  usePageKeys("incidents", [
    { key: "j", keys: "j", does: "Next incident", run: () => walk(1) },
    { key: "k", keys: "k", does: "Incident before", run: () => walk(-1) },
    { key: "Enter", keys: "Enter", does: "Open it", run: () => incidents[cursor] && go("incidents", String(incidents[cursor].number), kept) },
    { key: "Escape", keys: "Escape", does: "Back to the list", run: () => go("incidents", "", kept) },
    { key: "/", keys: "/", does: "Find in the list", run: () => search.current?.focus() },
    { key: "x", keys: "x", does: "Close it", run: () => dispatchEvent(new Event("bluetick:close")) },
  ]);

  return (
    <div class={`split ${id === "" ? "" : "two"}`}>
      <section class="queue" aria-label="List">
        <ListHeader
          title="Incidents"
          count={loaded.value === null ? null : incidents.length}
          label="State"
          choices={STATES}
          chosen={state}
          onChoose={(choice) => change({ state: choice })}
          search={search}
          placeholder="Find a number, a title, an owner ( / )"
          text={text}
          onSearch={(words) => change({ text: words })}
        />
        {loaded.error !== null && <Refused error={loaded.error} again={() => void loaded.reload()} />}
        {incidents.length > 0 && <List incidents={incidents} cursor={cursor} opened={own} kept={kept} isNarrow={id !== ""} />}
        {loaded.value !== null && incidents.length === 0 && <NoIncidents all={loaded.value.length} />}
      </section>
      {id !== "" && <IncidentDetail key={id} id={id} parameters={kept} onChanged={loaded.reload} />}
    </div>
  );
}

function NoIncidents({ all }: { all: number }): JSX.Element {
  if (all > 0) return <Empty title="No incident is like that" />;
  if (session.value !== null && !session.value.ledger) {
    return (
      <Empty title="No service has run yet" command="bluetick schedule rules/ --lake lake/">
        Incidents are made of the alerts of rules that run on their schedule.
      </Empty>
    );
  }
  return (
    <Empty title="No incident">
      An alert makes an incident unless its rule says <code>createIncident: false</code>, or runs in shadow.
    </Empty>
  );
}

interface ListProps {
  incidents: readonly Incident[];
  cursor: number;
  opened: number;
  kept: Record<string, string>;
  isNarrow: boolean;
}

function List({ incidents, cursor, opened, kept, isNarrow }: ListProps): JSX.Element {
  const at = useRef<HTMLTableRowElement>(null);
  useEffect(() => at.current?.scrollIntoView({ block: "nearest" }), [cursor]);
  return (
    <div class="scroll">
      <table class={`list ${isNarrow ? "narrow" : ""}`} aria-label="Incidents">
        <thead>
          <tr>
            <th class="number">No.</th>
            <th>{isNarrow ? <span class="unseen">Severity</span> : "Severity"}</th>
            <th>Incident</th>
            {!isNarrow && <th>Entities</th>}
            {!isNarrow && <th class="number">Alerts</th>}
            <th>Last found</th>
            {!isNarrow && <th>Status</th>}
            {!isNarrow && <th>Owner</th>}
          </tr>
        </thead>
        <tbody>
          {incidents.map((one, index) => (
            <tr
              key={one.id}
              ref={index === cursor ? at : undefined}
              class={index === cursor ? "cursor" : ""}
              aria-current={index === opened ? "true" : undefined}
              onClick={() => go("incidents", String(one.number), kept)}
            >
              <td class="number">{one.number}</td>
              <td>
                <Severity of={one.severity} brief={isNarrow} />
              </td>
              <td class="title">
                <a href={address("incidents", String(one.number), kept)}>
                  <Inert text={one.title} />
                </a>
              </td>
              {!isNarrow && (
                <td>
                  <EntitiesBrief entities={one.entities ?? []} />
                </td>
              )}
              {!isNarrow && <td class="number">{(one.alerts?.length ?? one.alertCount ?? 0).toLocaleString("en")}</td>}
              <td>
                <Time at={one.last} relative={isNarrow} />
              </td>
              {!isNarrow && (
                <td>
                  <IncidentStatus incident={one} />
                </td>
              )}
              {!isNarrow && (
                <td>
                  <Inert text={one.owner} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
