/** A query goes into a hunt: a new file, or one more cell of one that is there. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "../api/client";
import { listHunts, readHunt, saveHunt, type Hunt } from "../api/hunts";
import { Field } from "../parts/field";
import { problemText, useLoaded } from "../parts/loaded";
import { Dialog } from "../shell/dialog";
import { address } from "../shell/router";
import { inert, Inert } from "../text/inert";

interface Props {
  query: string;
  title: string;
  onClose: () => void;
}

/** A file's name of a title: letters and digits of ASCII, `_` between. */
function fileName(title: string): string {
  const plain = title.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "_");
  return plain.replace(/^_+|_+$/g, "").slice(0, 60);
}

/** A cell of the file; its fence is longer than any in the query. */
function cell(query: string): string {
  const longest = Math.max(2, ...[...query.matchAll(/`+/g)].map((found) => found[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}kql\n${query.trimEnd()}\n${fence}\n`;
}

async function save(hunt: string, title: string, hypothesis: string, query: string): Promise<string> {
  if (hunt !== "") {
    const before = await readHunt(hunt);
    await saveHunt(hunt, `${before.text.trimEnd()}\n\n${cell(query)}`, before.etag);
    return hunt;
  }
  const name = fileName(title);
  if ((await listHunts()).some((one) => one.name === name)) throw new ApiError(409, "Conflict", "There is a hunt of this name.");
  const words = hypothesis.trim() === "" ? "" : `Hypothesis: ${hypothesis.trim().replace(/\s*\n\s*/g, " ")}\n\n`;
  await saveHunt(name, `# ${title.trim()}\n\n${words}${cell(query)}`, null);
  return name;
}

export function SaveHuntDialog({ query, title: tabTitle, onClose }: Props): JSX.Element {
  const hunts = useLoaded<readonly Hunt[]>(listHunts, "hunts");
  const [into, choose] = useState("");
  const [title, changeTitle] = useState(/^Query \d+$/.test(tabTitle) ? "" : tabTitle);
  const [hypothesis, changeHypothesis] = useState("");
  const [errors, tell] = useState<Readonly<Record<string, string>>>({});
  const [saved, show] = useState<string | null>(null);

  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (into === "" && fileName(title) === "") return tell({ title: "A hunt has a title with letters or digits." });
    try {
      show(await save(into, title, hypothesis, query));
    } catch (problem) {
      const isTaken = problem instanceof ApiError && problem.status === 409 && into === "";
      tell({ [isTaken ? "title" : "all"]: problemText(problem) });
    }
  };
  if (saved !== null) {
    return (
      <Dialog title="It is in the hunt" onClose={onClose}>
        <p>
          The query is in <code>{saved}.md</code>.
        </p>
        <div class="buttons">
          <button onClick={onClose}>Close</button>
          <a class="button primary" href={address("hunts", saved)}>
            Open the hunt
          </a>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Save as hunt" onClose={onClose}>
      <form class="form" onSubmit={(event) => void send(event)}>
        <Field label="Into" wide>
          <select aria-label="Hunt" value={into} onChange={(event) => choose(event.currentTarget.value)}>
            <option value="">A new hunt</option>
            {(hunts.value ?? []).map((hunt) => (
              <option key={hunt.name} value={hunt.name}>
                {inert(hunt.title || hunt.name)}
              </option>
            ))}
          </select>
        </Field>
        {into === "" && (
          <>
            <Field label="Title" wide error={errors["title"] ?? null} {...(fileName(title) === "" ? {} : { hint: `${fileName(title)}.md` })}>
              <input autofocus maxLength={200} aria-label="Title" aria-invalid={"title" in errors} value={title} onInput={(event) => changeTitle(event.currentTarget.value)} />
            </Field>
            <Field label="Hypothesis" wide>
              <textarea
                rows={2}
                aria-label="Hypothesis"
                placeholder="What somebody would do here, and what of it these logs would hold"
                value={hypothesis}
                onInput={(event) => changeHypothesis(event.currentTarget.value)}
              />
            </Field>
          </>
        )}
        <div class="field wide">
          <span class="label">Query</span>
          <pre class="asked">
            <Inert text={query} lines />
          </pre>
        </div>
        {(errors["all"] ?? hunts.error) && (
          <p class="error wide" role="alert">
            <Inert text={errors["all"] ?? hunts.error ?? ""} lines />
          </p>
        )}
        <div class="buttons wide">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button class="primary" type="submit">
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
