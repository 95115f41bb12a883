/** Which alerts are shown: each choice is in the address, so that a link shows the same. */
import type { JSX, RefObject } from "preact";
import type { Alert } from "../api/detections";
import { go, place } from "../shell/router";
import { inert } from "../text/inert";
import { filterParameters, type Filters, type State } from "./filters";

const STATES: readonly State[] = ["open", "closed", "all"];
const SEVERITIES = ["High", "Medium", "Low", "Informational"];

interface Props {
  filters: Filters;
  alerts: readonly Alert[];
  search: RefObject<HTMLInputElement>;
}

export function AlertFilters({ filters, alerts, search }: Props): JSX.Element {
  const change = (edit: Partial<Filters>): void => go("alerts", place.value.id, filterParameters({ ...filters, ...edit }));
  const rules = new Map(alerts.map((alert) => [alert.rule, alert.ruleName ?? alert.title]));
  if (filters.rule !== "" && !rules.has(filters.rule)) rules.set(filters.rule, filters.rule);
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <div class="choice" role="group" aria-label="State">
        {STATES.map((state) => (
          <button type="button" key={state} aria-pressed={filters.state === state} onClick={() => change({ state })}>
            {state}
          </button>
        ))}
      </div>
      <select aria-label="Severity" value={filters.severity} onChange={(event) => change({ severity: event.currentTarget.value })}>
        <option value="">every severity</option>
        {SEVERITIES.map((severity) => (
          <option key={severity} value={severity}>
            {severity}
          </option>
        ))}
      </select>
      <select aria-label="Rule" value={filters.rule} onChange={(event) => change({ rule: event.currentTarget.value })}>
        <option value="">every rule</option>
        {[...rules].map(([id, name]) => (
          <option key={id} value={id}>
            {inert(name)}
          </option>
        ))}
      </select>
      <input
        ref={search}
        type="search"
        aria-label="Find"
        placeholder="Find a title, an entity, an owner ( / )"
        value={filters.text}
        onInput={(event) => change({ text: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
        }}
      />
    </form>
  );
}
