/** Entities: hosts, accounts, addresses that something is about. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Entity } from "../api/detections";
import { address } from "../shell/router";
import { inert, Inert } from "../text/inert";
import { cellText } from "../results/values";

const BRIEF = 3;
const FIRST = 12;

/** What says most of an entity: its strongest identifiers. */
export function entityText(entity: Entity): string {
  const said = (name: string): string => cellText(entity[name] ?? null);
  if (said("Name") && said("UPNSuffix")) return `${said("Name")}@${said("UPNSuffix")}`;
  if (said("NTDomain") && said("Name")) return `${said("NTDomain")}\\${said("Name")}`;
  if (said("HostName") && said("DnsDomain")) return `${said("HostName")}.${said("DnsDomain")}`;
  const first = ["FullName", "HostName", "Address", "Url", "DomainName", "CommandLine", "ProcessId", "Name", "Value", "ResourceId"];
  const found = first.map(said).find((text) => text !== "");
  return found ?? identifiers(entity).map(([, value]) => value).join(" ");
}

function identifiers(entity: Entity): [string, string][] {
  return Object.entries(entity)
    .filter(([name]) => name !== "kind" && name !== "inferred")
    .map(([name, value]) => [name, cellText(value)]);
}

export function EntityChip({ entity }: { entity: Entity }): JSX.Element {
  const said = identifiers(entity).map(([name, value]) => `${name}: ${inert(value)}`);
  if (entity.inferred === true) said.push("inferred from the columns' names");
  return (
    <span class="chip" title={said.join("\n")}>
      <span class="kind">{inert(entity.kind)}</span>
      <span class="value">
        <Inert text={entityText(entity)} />
      </span>
    </span>
  );
}

/** The first few, in one line. */
export function EntitiesBrief({ entities, count }: { entities: readonly Entity[]; count?: number }): JSX.Element {
  const more = (count ?? entities.length) - BRIEF;
  return (
    <span class="entities brief">
      {entities.slice(0, BRIEF).map((entity, index) => (
        <EntityChip key={index} entity={entity} />
      ))}
      {more > 0 && <span class="quiet">+{more}</span>}
    </span>
  );
}

/** All, by kind, each with a way to the alerts that name it. */
export function Entities({ entities }: { entities: readonly Entity[] }): JSX.Element {
  const [most, more] = useState(FIRST);
  if (entities.length === 0) {
    return <p class="quiet">None: the rule maps no entities, and no column has a name that says one.</p>;
  }
  return (
    <>
      <ul class="entities whole" aria-label="Entities">
        {entities.slice(0, most).map((entity, index) => (
          <li key={index}>
            <span class="kind">
              {inert(entity.kind)}
              {entity.inferred === true && <span title="Inferred from the columns' names"> ~</span>}
            </span>
            <span class="value mono" title={identifiers(entity).map(([name, value]) => `${name}: ${inert(value)}`).join("\n")}>
              <Inert text={entityText(entity)} />
            </span>
            <a href={address("alerts", "", { text: entityText(entity), state: "all" })}>alerts</a>
          </li>
        ))}
      </ul>
      {entities.length > most && (
        <button class="plain small" onClick={() => more(entities.length)}>
          {(entities.length - most).toLocaleString("en")} more
        </button>
      )}
    </>
  );
}
