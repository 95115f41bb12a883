/** Techniques of ATT&CK by evidence: a column each tactic, a cell each technique. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { readCoverage, renewCoverage, type Coverage, type CoverageRule, type CoverageTactic, type CoverageTechnique } from "../api/detections";
import { mayChange, session } from "../api/session";
import { Empty, Refused } from "../parts/empty";
import { ErrorText } from "../parts/error_text";
import { JobProgress, useJob } from "../parts/job";
import { useLoaded } from "../parts/loaded";
import { tacticText } from "../parts/techniques";
import { Time } from "../parts/time";
import { address, go, place } from "../shell/router";
import { inert, Inert } from "../text/inert";
import "./coverage.css";
import { LEVELS, levelWords } from "./levels";

function Meter({ level, of }: { level: number; of: number }): JSX.Element {
  return (
    <span class="meter" aria-hidden="true">
      {Array.from({ length: of }, (_, index) => (
        <i key={index} class={index <= level ? "on" : ""} />
      ))}
    </span>
  );
}

/** The id, and the name where it is known. */
function titleOf(technique: CoverageTechnique): string {
  return inert(technique.name === technique.id ? technique.id : `${technique.id} ${technique.name}`);
}

interface CellProps {
  technique: CoverageTechnique;
  levels: readonly string[];
  isChosen: boolean;
}

function Cell({ technique, levels, isChosen }: CellProps): JSX.Element {
  const level = levels.indexOf(technique.level);
  const count = technique.rules.length;
  const words = `${titleOf(technique)}: ${levelWords(technique.level)}, ${count} rule${count === 1 ? "" : "s"}`;
  return (
    <button
      class={`technique level-${level + 1}`}
      aria-label={words}
      title={words}
      aria-pressed={isChosen}
      onClick={() => go("coverage", isChosen ? "" : technique.id)}
    >
      <span class="id">{inert(technique.id)}</span>
      {technique.name !== technique.id && <span class="name">{inert(technique.name)}</span>}
      <span class="said">
        {levelWords(technique.level)} · {count}
        <Meter level={level} of={levels.length} />
      </span>
    </button>
  );
}

/** A rule, the level that it reached, and why not the next. */
function RuleEvidence({ id, rule }: { id: string; rule: CoverageRule | undefined }): JSX.Element {
  const lacks = rule?.evidence.find((one) => !one.reached);
  return (
    <li>
      <a href={address("rules", id)}>
        <Inert text={rule?.name ?? id} />
      </a>
      {rule && <span class="quiet"> {levelWords(rule.level)}</span>}
      {lacks && (
        <div class="quiet lacks">
          not {levelWords(lacks.level)}
          {lacks.why && (
            <>
              : <Inert text={lacks.why} lines />
            </>
          )}
        </div>
      )}
    </li>
  );
}

function Chosen({ coverage, id }: { coverage: Coverage; id: string }): JSX.Element {
  const found = coverage.tactics.flatMap((tactic) => tactic.techniques).find((technique) => technique.id === id);
  if (found === undefined) {
    return (
      <aside class="chosen panel" aria-label="Technique">
        <h2>{inert(id)}</h2>
        <Empty title="No rule names it" />
      </aside>
    );
  }
  const evidence = new Map((coverage.rules ?? []).map((rule) => [rule.id, rule]));
  const next = LEVELS[coverage.levels[coverage.levels.indexOf(found.level) + 1] ?? ""];
  return (
    <aside class="chosen panel" aria-label="Technique">
      <header>
        <h2>
          {titleOf(found)}
        </h2>
        <a class="button plain" href={address("coverage")} aria-label="Close" title="Escape">
          ✕
        </a>
      </header>
      <p>
        <strong>{levelWords(found.level)}</strong>: <span class="quiet">{LEVELS[found.level]?.means}</span>
      </p>
      {next && (
        <p class="quiet">
          The next level, {next.words}: {next.means}
        </p>
      )}
      <h3>Rules</h3>
      <ul aria-label="Rules of the technique">
        {found.rules.map((id) => (
          <RuleEvidence key={id} id={id} rule={evidence.get(id)} />
        ))}
      </ul>
    </aside>
  );
}

export function CoveragePage(): JSX.Element {
  const loaded = useLoaded(readCoverage, "coverage");
  const coverage = loaded.value;
  const [least, change] = useState(0);
  const id = place.value.id;
  const work = useJob();
  const job = loaded.value?.job ?? null;
  useEffect(() => {
    if (job !== null) work.watch(job);
  }, [job]);
  const state = work.job?.state;
  useEffect(() => {
    if (state === "done") void loaded.reload();
  }, [state]);
  const renew = (): void =>
    void renewCoverage().then(
      (begun) => work.watch(begun),
      () => loaded.reload(),
    );
  useEffect(() => {
    const leave = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && place.value.id !== "") go("coverage");
    };
    addEventListener("keydown", leave);
    return () => removeEventListener("keydown", leave);
  }, []);
  const levels = coverage?.levels ?? [];
  const tactics = (coverage?.tactics ?? [])
    .map((tactic) => ({ ...tactic, techniques: tactic.techniques.filter((one) => levels.indexOf(one.level) >= least) }))
    .filter((tactic) => tactic.techniques.length > 0);
  const every = new Map((coverage?.tactics ?? []).flatMap((tactic) => tactic.techniques).map((one) => [one.id, one.level]));
  return (
    <div class="page coverage">
      <header>
        <h1>Coverage</h1>
        <span class="quiet">
          {coverage?.covered === undefined || !coverage.asOf
            ? "What there is of evidence that rules find the techniques that they name."
            : `${coverage.covered} of ${every.size} techniques that rules name are covered: what decides is there, and filled.`}
        </span>
        <span class="spacer" />
        {coverage?.asOf && (
          <span class="quiet">
            as of <Time at={coverage.asOf} />
          </span>
        )}
        {coverage?.asOf && mayChange() && !work.isRunning && <button onClick={renew}>Look again</button>}
      </header>
      {loaded.error !== null && <Refused error={loaded.error} again={() => void loaded.reload()} />}
      {coverage?.error && <ErrorText text={coverage.error} />}
      <JobProgress work={work} what="Looking at each rule's tables, columns, samples and last window" />
      {coverage === null && loaded.error === null && <p class="quiet">Loading …</p>}
      {coverage !== null && every.size === 0 && !coverage.error && (coverage.asOf !== null || job === null) && <NoCoverage />}
      {coverage !== null && every.size > 0 && (
        <>
          <div class="levels" role="group" aria-label="At least this level">
            {levels.map((level, index) => (
              <button
                key={level}
                class={`level level-${index + 1}`}
                aria-pressed={index === least}
                title={LEVELS[level]?.means}
                onClick={() => change(index === least ? 0 : index)}
              >
                <Meter level={index} of={levels.length} />
                {levelWords(level)}
                <span class="number">{[...every.values()].filter((one) => one === level).length}</span>
              </button>
            ))}
          </div>
          <div class={`board ${id === "" ? "" : "two"}`}>
            <Matrix tactics={tactics} levels={levels} chosen={id} />
            {id !== "" && <Chosen coverage={coverage} id={id} />}
          </div>
        </>
      )}
    </div>
  );
}

function Matrix({ tactics, levels, chosen }: { tactics: readonly CoverageTactic[]; levels: readonly string[]; chosen: string }): JSX.Element {
  return (
    <div class="matrix">
      {tactics.map((tactic) => (
        <section key={tactic.id} aria-label={tacticText(tactic.name)}>
          <h2>
            {tacticText(tactic.name)} <span class="quiet">{tactic.techniques.length}</span>
          </h2>
          {tactic.techniques.map((technique) => (
            <Cell key={technique.id} technique={technique} levels={levels} isChosen={technique.id === chosen} />
          ))}
        </section>
      ))}
    </div>
  );
}

function NoCoverage(): JSX.Element {
  if (session.value !== null && !session.value.rules) {
    return (
      <Empty title="The server was given no rules" command="bluetick serve --lake lake/ --rules rules/">
        Coverage is told of the techniques that rules name.
      </Empty>
    );
  }
  return <Empty title="No rule names a technique">A document names them under relevantTechniques, as T1071.001.</Empty>;
}
