/** The alerts of the queue, the newest first; beside an open one they take little room. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Alert } from "../api/detections";
import { EntitiesBrief } from "../parts/entities";
import { Severity } from "../parts/severity";
import { Time } from "../parts/time";
import { verdictText } from "../parts/close_dialog";
import { address, go } from "../shell/router";
import { Inert } from "../text/inert";
import { isOpen, isRetracted } from "./filters";

const AT_ONCE = 300;

interface Props {
  alerts: readonly Alert[];
  cursor: number;
  /** The id of the one that is open, or "". */
  opened: string;
  parameters: Record<string, string>;
}

export function AlertStatus({ alert }: { alert: { readonly verdict: string | null; readonly status?: string } }): JSX.Element {
  if (isRetracted(alert)) return <span class="chip">retracted</span>;
  if (isOpen(alert)) return <span class="chip accent">open</span>;
  const tone = alert.verdict === "tp" ? "bad" : alert.verdict === "undetermined" ? "" : "good";
  return <span class={`chip ${tone}`}>{verdictText(alert.verdict)}</span>;
}

export function AlertList({ alerts, cursor, opened, parameters }: Props): JSX.Element {
  const [most, more] = useState(AT_ONCE);
  const at = useRef<HTMLTableRowElement>(null);
  useEffect(() => at.current?.scrollIntoView({ block: "nearest" }), [cursor]);
  const isNarrow = opened !== "";
  return (
    <div class="scroll">
      <table class={`list ${isNarrow ? "narrow" : ""}`} aria-label="Alerts">
        <thead>
          <tr>
            <th>{isNarrow ? <span class="unseen">Severity</span> : "Severity"}</th>
            <th>Alert</th>
            {!isNarrow && <th>Entities</th>}
            <th>Last found</th>
            {!isNarrow && <th class="number">Rows</th>}
            {!isNarrow && <th>Status</th>}
            {!isNarrow && <th>Owner</th>}
          </tr>
        </thead>
        <tbody>
          {alerts.slice(0, most).map((alert, index) => (
            <tr
              key={alert.id}
              ref={index === cursor ? at : undefined}
              class={index === cursor ? "cursor" : ""}
              aria-current={alert.id === opened ? "true" : undefined}
              onClick={() => go("alerts", alert.id, parameters)}
            >
              <td>
                <Severity of={alert.severity} brief={isNarrow} />
              </td>
              <td class="title">
                <a href={address("alerts", alert.id, parameters)}>
                  <Inert text={alert.title} />
                </a>
                {isNarrow ? (
                  <EntitiesBrief entities={alert.entities.slice(0, 2)} count={2} />
                ) : (
                  alert.ruleName && alert.ruleName !== alert.title && (
                    <span class="quiet">
                      <Inert text={alert.ruleName} />
                    </span>
                  )
                )}
              </td>
              {!isNarrow && (
                <td>
                  <EntitiesBrief entities={alert.entities} count={alert.entityCount} />
                </td>
              )}
              <td>
                <Time at={alert.last} relative={isNarrow} />
              </td>
              {!isNarrow && <td class="number">{alert.rowCount.toLocaleString("en")}</td>}
              {!isNarrow && (
                <td>
                  <AlertStatus alert={alert} />
                </td>
              )}
              {!isNarrow && (
                <td>
                  <Inert text={alert.owner} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {alerts.length > most && (
        <p>
          <button onClick={() => more(most + AT_ONCE)}>Show {Math.min(AT_ONCE, alerts.length - most)} more</button>
        </p>
      )}
    </div>
  );
}
