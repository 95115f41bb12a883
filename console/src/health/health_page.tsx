/** Whether the service and its data are well. */
import type { JSX } from "preact";
import { readHealth, type Condition } from "../api/detections";
import { Empty, Refused } from "../parts/empty";
import { useLoaded, useReloading } from "../parts/loaded";
import { Severity, severityRank } from "../parts/severity";
import { Time } from "../parts/time";
import { address } from "../shell/router";
import { Inert } from "../text/inert";
import "./health.css";


/** Conditions of one kind, the most severe kinds first. */
function kinds(conditions: readonly Condition[]): (readonly Condition[])[] {
  const found = new Map<string, Condition[]>();
  for (const one of conditions) found.set(one.code, [...(found.get(one.code) ?? []), one]);
  const rank = (kind: readonly Condition[]): number => Math.max(...kind.map((one) => severityRank(one.severity ?? null)));
  return [...found.values()].sort((one, other) => rank(other) - rank(one));
}

/** What a kind is called: the names of its conditions up to where each says its own. */
function kindName(kind: readonly Condition[]): string {
  const first = kind[0]?.name ?? "";
  return kind.length > 1 ? (first.split(": ", 1)[0] ?? first) : first;
}

function Rules({ condition }: { condition: Condition }): JSX.Element | null {
  const rules = condition.rules ?? [];
  if (rules.length === 0) return null;
  return (
    <span class="rules">
      {rules.map((rule) => (
        <a key={rule.id} href={address("rules", rule.id)}>
          <Inert text={rule.name} />
        </a>
      ))}
    </span>
  );
}

function Kind({ kind }: { kind: readonly Condition[] }): JSX.Element | null {
  const [first] = kind;
  if (first === undefined) return null;
  const worst = [...kind].sort((one, other) => severityRank(other.severity ?? null) - severityRank(one.severity ?? null))[0];
  return (
    <li class="condition panel">
      <header>
        <span class="mark" aria-hidden="true">
          ✕
        </span>
        <h2>
          <Inert text={kindName(kind)} />
        </h2>
        {kind.length > 1 && <span class="chip bad">{kind.length}</span>}
        <Severity of={worst?.severity ?? null} />
      </header>
      {first.advice && (
        <p class="quiet">
          What to do: <Inert text={first.advice} lines />
        </p>
      )}
      <ul>
        {kind.map((one, index) => (
          <li key={index}>
            <span>{one.since && <Time at={one.since} />}</span>
            <span>
              <Inert text={one.text} lines />
            </span>
            <Rules condition={one} />
          </li>
        ))}
      </ul>
    </li>
  );
}

export function HealthPage(): JSX.Element {
  const loaded = useLoaded(readHealth, "health");
  useReloading(loaded);
  const health = loaded.value;
  const failing = (health?.conditions ?? []).filter((one) => one.state === "failing");
  const well = (health?.conditions ?? []).filter((one) => one.state !== "failing");
  return (
    <div class="page health">
      <header>
        <h1>Health</h1>
        <span class="quiet">A service that has died, a sensor that is silent and a column that has gone empty look alike: no alerts.</span>
      </header>
      {loaded.error !== null && <Refused error={loaded.error} again={() => void loaded.reload()} />}
      {health === null && loaded.error === null && <p class="quiet">Looking …</p>}
      {health?.known === false && (
        <Empty title="No service has run yet" command="bluetick schedule rules/ --lake lake/">
          The service assesses itself and its data every minute, and keeps what it finds in its ledger.
        </Empty>
      )}
      {health?.known && (
        <>
          <p class={`sum ${health.ok ? "well" : "wrong"}`} role="status">
            <span class="mark" aria-hidden="true">
              {health.ok ? "✓" : "✕"}
            </span>
            {health.ok ? "All is well" : `${failing.length} thing${failing.length === 1 ? "" : "s"} need${failing.length === 1 ? "s" : ""} attention`}
          </p>
          <ul class="conditions" aria-label="Conditions">
            {kinds(failing).map((kind) => (
              <Kind key={kind[0]?.code} kind={kind} />
            ))}
          </ul>
          {well.length > 0 && (
            <section>
              <h2>Looked at, and not the case</h2>
              <ul class="well" aria-label="Conditions that do not hold">
                {well.map((one) => (
                  <li key={one.code} title={one.text}>
                    <span class="mark" aria-hidden="true">
                      ✓
                    </span>
                    <Inert text={one.name} />
                  </li>
                ))}
              </ul>
            </section>
          )}
          <p class="quiet">
            Let something outside ask as well, for when the service itself is what is gone: <code>bluetick health --lake lake/</code>
          </p>
        </>
      )}
    </div>
  );
}
