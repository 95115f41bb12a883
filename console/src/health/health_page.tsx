/** Whether the service and its data are well. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { readHealth, type Condition } from "../api/detections";
import { session } from "../api/session";
import { Empty, Refused } from "../parts/empty";
import { useLoaded } from "../parts/loaded";
import { Severity } from "../parts/severity";
import { Time } from "../parts/time";
import { address } from "../shell/router";
import { inert, Inert } from "../text/inert";
import "./health.css";

const AGAIN_MS = 60_000;

function isWrong(condition: Condition): boolean {
  return !/^(ok|well|good|cleared)$/i.test(condition.state);
}

function ConditionView({ condition }: { condition: Condition }): JSX.Element {
  const wrong = isWrong(condition);
  return (
    <li class={`condition panel ${wrong ? "wrong" : "well"}`}>
      <header>
        <span class="mark" aria-hidden="true">
          {wrong ? "✕" : "✓"}
        </span>
        <h2>
          <Inert text={condition.name} />
        </h2>
        {condition.severity ? <Severity of={condition.severity} /> : <span class={`chip ${wrong ? "bad" : "good"}`}>{inert(condition.state)}</span>}
        {condition.since && (
          <span class="quiet">
            since <Time at={condition.since} />
          </span>
        )}
      </header>
      {condition.text && (
        <p>
          <Inert text={condition.text} lines />
        </p>
      )}
      {condition.rules && condition.rules.length > 0 && (
        <p>
          <span class="quiet">Rules that suffer: </span>
          {condition.rules.map((rule, index) => (
            <>
              {index > 0 && ", "}
              <a href={address("rules", rule.id)}>
                <Inert text={rule.name} />
              </a>
            </>
          ))}
        </p>
      )}
      {condition.advice && (
        <p class="quiet">
          What to do: <Inert text={condition.advice} lines />
        </p>
      )}
    </li>
  );
}

export function HealthPage(): JSX.Element {
  const loaded = useLoaded(readHealth, "health");
  useEffect(() => {
    const timer = setInterval(() => void (document.hidden ? undefined : loaded.reload()), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  const health = loaded.value;
  const hasService = session.value === null || session.value.ledger;
  const wrong = (health?.conditions ?? []).filter(isWrong);
  const well = (health?.conditions ?? []).filter((condition) => !isWrong(condition));
  return (
    <div class="page health">
      <header>
        <h1>Health</h1>
        <span class="quiet">A service that has died, a sensor that is silent and a column that has gone empty look alike: no alerts.</span>
      </header>
      {loaded.error !== null && <Refused error={loaded.error} again={() => void loaded.reload()} />}
      {loaded.value === null && loaded.error === null && <p class="quiet">Looking …</p>}
      {!hasService && (
        <Empty title="No service has run yet" command="bluetick schedule rules/ --lake lake/">
          The service assesses itself and its data every minute, and keeps what it finds in its ledger.
        </Empty>
      )}
      {health !== null && hasService && (
        <>
          <p class={`sum ${health.ok ? "well" : "wrong"}`} role="status">
            <span class="mark" aria-hidden="true">
              {health.ok ? "✓" : "✕"}
            </span>
            {health.ok ? "All is well" : `${wrong.length} condition${wrong.length === 1 ? "" : "s"} stand${wrong.length === 1 ? "s" : ""}`}
          </p>
          <ul class="conditions" aria-label="Conditions">
            {[...wrong, ...well].map((condition, index) => (
              <ConditionView key={index} condition={condition} />
            ))}
          </ul>
          {health.ok && well.length === 0 && (
            <p class="quiet">
              Rules run in time, tables and columns get their data, disks have room, alerts are delivered. Let something outside ask too:{" "}
              <code>bluetick health --lake lake/</code>
            </p>
          )}
        </>
      )}
    </div>
  );
}
