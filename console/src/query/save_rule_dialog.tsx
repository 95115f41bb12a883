/** A query becomes a rule: a document in the folder of rules, which the schedule runs. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { sendJson } from "../api/client";
import type { Problem } from "../api/query";
import { Field } from "../parts/field";
import { problemText } from "../parts/loaded";
import { Problems } from "../parts/problems";
import { Dialog } from "../shell/dialog";
import { address } from "../shell/router";
import { Inert } from "../text/inert";
import { HOURLY, scheduleBody, scheduleErrors, ScheduleFields } from "./rule_fields";

const SEVERITIES = ["High", "Medium", "Low", "Informational"] as const;
const TACTICS = [
  "Reconnaissance",
  "ResourceDevelopment",
  "InitialAccess",
  "Execution",
  "Persistence",
  "PrivilegeEscalation",
  "DefenseEvasion",
  "CredentialAccess",
  "Discovery",
  "LateralMovement",
  "Collection",
  "CommandAndControl",
  "Exfiltration",
  "Impact",
] as const;

interface Props {
  query: string;
  title: string;
  onClose: () => void;
}

interface Saved {
  readonly id: string;
  readonly file: string;
  readonly diagnostics: readonly Problem[];
}

/** The field that a refusal is about, by its name in the server's words. */
function fieldOf(message: string): string | null {
  return ["name", "frequency", "period", "threshold", "techniques", "tactics", "severity", "description"].find((name) => new RegExp(`\\b${name.replace(/s$/, "")}`, "i").test(message)) ?? null;
}

function words(text: string): string[] {
  return text.split(/[\s,;]+/).filter(Boolean);
}

export function SaveRuleDialog({ query, title, onClose }: Props): JSX.Element {
  const [name, changeName] = useState(/^Query \d+$/.test(title) ? "" : title);
  const [description, changeDescription] = useState("");
  const [severity, changeSeverity] = useState<string>("Medium");
  const [schedule, changeSchedule] = useState(HOURLY);
  const [tactics, changeTactics] = useState<readonly string[]>([]);
  const [techniques, changeTechniques] = useState("");
  const [errors, tell] = useState<Readonly<Record<string, string>>>({});
  const [saved, show] = useState<Saved | null>(null);

  const check = (): Record<string, string> => {
    const found = scheduleErrors(schedule);
    if (name.trim() === "") found["name"] = "A rule has a name.";
    const wrong = words(techniques).find((one) => !/^T\d{4}(\.\d{3})?$/i.test(one));
    if (wrong !== undefined) found["techniques"] = `${wrong} is no number of a technique, such as T1071.001.`;
    return found;
  };
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const found = check();
    tell(found);
    if (Object.keys(found).length > 0) return;
    const body = { name: name.trim(), description, query, severity, tactics, techniques: words(techniques), ...scheduleBody(schedule) };
    try {
      show(await sendJson<Saved>("POST", "/api/rules", body));
    } catch (problem) {
      const message = problemText(problem);
      tell({ [fieldOf(message) ?? "all"]: message });
    }
  };
  if (saved !== null) {
    return (
      <Dialog title="The rule is there" onClose={onClose}>
        <p>
          <Inert text={name} /> is in <code>{saved.file}</code>. The schedule runs it from its next round on.
        </p>
        {saved.diagnostics.length > 0 && <Problems problems={saved.diagnostics} />}
        <div class="buttons">
          <button onClick={onClose}>Close</button>
          <a class="button primary" href={address("rules", saved.id)}>
            Open the rule
          </a>
        </div>
      </Dialog>
    );
  }
  const turn = (tactic: string): void =>
    changeTactics(tactics.includes(tactic) ? tactics.filter((one) => one !== tactic) : [...tactics, tactic]);
  return (
    <Dialog title="Save as rule" onClose={onClose}>
      <form class="form" onSubmit={(event) => void send(event)}>
        <div class="wide form-row">
          <Field label="Name" error={errors["name"] ?? null}>
            <input autofocus maxLength={200} value={name} aria-label="Name" aria-invalid={"name" in errors} onInput={(event) => changeName(event.currentTarget.value)} />
          </Field>
          <Field label="Severity" error={errors["severity"] ?? null}>
            <select aria-label="Severity" value={severity} onChange={(event) => changeSeverity(event.currentTarget.value)}>
              {SEVERITIES.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </Field>
        </div>
        <Field label="Description" wide error={errors["description"] ?? null}>
          <textarea rows={2} aria-label="Description" value={description} onInput={(event) => changeDescription(event.currentTarget.value)} />
        </Field>
        <ScheduleFields schedule={schedule} errors={errors} onChange={changeSchedule} />
        <div class="field wide">
          <span class="label">Tactics</span>
          <div class="toggles" role="group" aria-label="Tactics">
            {TACTICS.map((tactic) => (
              <button type="button" key={tactic} aria-pressed={tactics.includes(tactic)} onClick={() => turn(tactic)}>
                {tactic.replace(/(?<=[a-z])(?=[A-Z])/g, " ")}
              </button>
            ))}
          </div>
          {errors["tactics"] && <small class="error">{errors["tactics"]}</small>}
        </div>
        <Field label="Techniques" wide error={errors["techniques"] ?? null} hint="Numbers of ATT&CK, such as T1071.001">
          <input aria-label="Techniques" value={techniques} aria-invalid={"techniques" in errors} onInput={(event) => changeTechniques(event.currentTarget.value)} />
        </Field>
        <div class="field wide">
          <span class="label">Query</span>
          <pre class="asked">
            <Inert text={query} lines />
          </pre>
        </div>
        {errors["all"] !== undefined && (
          <p class="error wide" role="alert">
            <Inert text={errors["all"]} lines />
          </p>
        )}
        <div class="buttons wide">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button class="primary" type="submit">
            Save the rule
          </button>
        </div>
      </form>
    </Dialog>
  );
}
