/** One incident: its alerts in time, what they are about, who said what, and how it was closed. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { readIncident, update, type Member, type WholeIncident } from "../api/detections";
import { mayChange } from "../api/session";
import { CloseDialog } from "../parts/close_dialog";
import { Comments } from "../parts/comments";
import { Refused } from "../parts/empty";
import { Entities } from "../parts/entities";
import { Facts } from "../parts/facts";
import { Happenings } from "../parts/happenings";
import { problemText, useLoaded } from "../parts/loaded";
import { Owner } from "../parts/owner";
import { Severity } from "../parts/severity";
import { Techniques } from "../parts/techniques";
import { Time } from "../parts/time";
import { TimeStrip } from "../parts/time_strip";
import { AlertStatus } from "../alerts/alert_list";
import { address, go } from "../shell/router";
import { Inert } from "../text/inert";
import { IncidentStatus, isClosed } from "./incidents_page";

const STATUSES = ["New", "Active"];
const SEVERITIES = ["Informational", "Low", "Medium", "High"];

interface Props {
  id: string;
  parameters: Record<string, string>;
  onChanged: () => Promise<void>;
}

export function IncidentDetail({ id, parameters, onChanged }: Props): JSX.Element {
  const loaded = useLoaded(() => readIncident(id), id);
  const [isClosing, ask] = useState(false);
  const [error, tell] = useState<string | null>(null);
  const incident = loaded.value;
  const changed = async (): Promise<void> => {
    await Promise.all([loaded.reload(), onChanged()]);
  };
  const edit = (edits: Record<string, string>): void => {
    update("incidents", id, edits).then(
      () => {
        tell(null);
        return changed();
      },
      (problem: unknown) => tell(problemText(problem)),
    );
  };
  useEffect(() => {
    const toClose = (): void => ask(mayChange());
    addEventListener("bluetick:close", toClose);
    return () => removeEventListener("bluetick:close", toClose);
  }, [id]);

  return (
    <article class="detail" aria-label="Incident">
      {loaded.error !== null && <Refused error={loaded.error} again={() => void loaded.reload()} />}
      {incident !== null && (
        <>
          <Head incident={incident} parameters={parameters} onChanged={changed} onEdit={edit} onClose={() => ask(true)} />
          {error !== null && <Refused error={error} />}
          <div class="columns">
            <div>
              <section>
                <h2>
                  Alerts <span class="quiet">{incident.alerts.length.toLocaleString("en")}</span>
                </h2>
                {incident.alerts.length > 1 && (
                  <TimeStrip label="Alerts in time" what="alert" instants={incident.alerts.map((alert) => alert.first)} />
                )}
                <Members members={incident.alerts} />
              </section>
              <section>
                <h2>Timeline</h2>
                <Happenings events={incident.timeline} label="Timeline" />
              </section>
            </div>
            <aside>
              <section>
                <h2>Entities</h2>
                <Entities entities={incident.entities} />
              </section>
              <section>
                <h2>Comments</h2>
                <Comments what="incidents" id={id} comments={incident.comments} onChanged={changed} />
              </section>
            </aside>
          </div>
          {isClosing && (
            <CloseDialog
              what="incidents"
              id={id}
              note="Its alerts are closed with it, but for those that somebody closed already."
              onClose={() => ask(false)}
              onClosed={changed}
            />
          )}
        </>
      )}
    </article>
  );
}

interface HeadProps {
  incident: WholeIncident;
  parameters: Record<string, string>;
  onChanged: () => Promise<void>;
  onEdit: (edits: Record<string, string>) => void;
  onClose: () => void;
}

function Choice({ label, value, values, onChange }: { label: string; value: string; values: readonly string[]; onChange: (to: string) => void }): JSX.Element {
  return (
    <select aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      {!values.includes(value) && <option value={value}>{value}</option>}
      {values.map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </select>
  );
}

function Head({ incident, parameters, onChanged, onEdit, onClose }: HeadProps): JSX.Element {
  const may = mayChange();
  return (
    <header class="head">
      <div class="line">
        <Severity of={incident.severity} />
        <h1>
          <span class="quiet">#{incident.number}</span> <Inert text={incident.title} />
        </h1>
        <IncidentStatus incident={incident} />
        <a class="button plain away" href={address("incidents", "", parameters)} aria-label="Back to the list" title="Escape">
          ✕
        </a>
      </div>
      {isClosed(incident) && (
        <p class="decided">
          Closed as <strong>{incident.classification ?? "nothing"}</strong>
          {incident.reason && (
            <>
              : <Inert text={incident.reason} lines />
            </>
          )}
        </p>
      )}
      {may && (
        <div class="actions">
          <button class="primary" onClick={onClose} title="x">
            {isClosed(incident) ? "Close otherwise …" : "Close …"}
          </button>
          <label>
            <span class="quiet">Status </span>
            <Choice label="Status" value={incident.status} values={STATUSES} onChange={(status) => onEdit({ status })} />
          </label>
          <label>
            <span class="quiet">Severity </span>
            <Choice label="Severity" value={incident.severity} values={SEVERITIES} onChange={(severity) => onEdit({ severity })} />
          </label>
        </div>
      )}
      <Facts
        facts={[
          ["First found", <Time at={incident.first} />],
          ["Last found", <Time at={incident.last} />],
          ["Made", <Time at={incident.created} />],
          ["Owner", <Owner what="incidents" id={String(incident.number)} owner={incident.owner} onChanged={onChanged} />],
          ["Techniques", <Techniques tactics={incident.tactics} techniques={incident.techniques} />],
        ]}
      />
    </header>
  );
}

function Members({ members }: { members: readonly Member[] }): JSX.Element {
  return (
    <table class="list panel" aria-label="Alerts of the incident">
      <tbody>
        {members.map((one) => (
          <tr key={one.id} onClick={() => go("alerts", one.id)}>
            <td>
              <Severity of={one.severity} />
            </td>
            <td class="title">
              <a href={address("alerts", one.id)}>
                <Inert text={one.title ?? one.name ?? one.id} />
              </a>
            </td>
            <td>
              <Time at={one.first} />
            </td>
            <td>
              <AlertStatus alert={{ verdict: one.verdict, status: one.retracted ? "retracted" : (one.status ?? "") }} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
