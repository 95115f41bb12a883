/** One alert: what it says, the rows, why they are there, who said what, and what is done with it. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { columnName, readAlert, update, type WholeAlert } from "../api/detections";
import { mayChange, session } from "../api/session";
import { timeColumn } from "../parts/time_column";
import { cellText } from "../results/values";
import { Clamped } from "../parts/clamped";
import { CloseDialog, verdictText } from "../parts/close_dialog";
import { Comments } from "../parts/comments";
import { Refused } from "../parts/empty";
import { Entities } from "../parts/entities";
import { Facts } from "../parts/facts";
import { Happenings } from "../parts/happenings";
import { JobProgress, useJob, type Work } from "../parts/job";
import { useLoaded } from "../parts/loaded";
import { OpenQuery } from "../parts/open_query";
import { Owner } from "../parts/owner";
import { RowsTable } from "../parts/rows_table";
import { Severity } from "../parts/severity";
import { Techniques } from "../parts/techniques";
import { Time } from "../parts/time";
import { TimeStrip } from "../parts/time_strip";
import { address } from "../shell/router";
import { Inert } from "../text/inert";
import { AlertStatus } from "./alert_list";
import { Explanation } from "./explanation";
import { isOpen } from "./filters";

interface Props {
  id: string;
  parameters: Record<string, string>;
  onChanged: () => Promise<void>;
}

export function AlertDetail({ id, parameters, onChanged }: Props): JSX.Element {
  const loaded = useLoaded(() => readAlert(id), id);
  const why = useJob();
  const [isClosing, ask] = useState(false);
  const alert = loaded.value;
  const changed = async (): Promise<void> => {
    await Promise.all([loaded.reload(), onChanged()]);
  };
  const explain = (row: number): void => why.begin("explanations", { alert: id, row });

  useEffect(() => {
    const toExplain = (): void => explain(1);
    const toClose = (): void => ask(mayChange());
    const toTake = (): void => {
      const me = session.value?.caller.name;
      if (mayChange() && me) void update("alerts", id, { owner: me }).then(changed, () => undefined);
    };
    addEventListener("bluetick:explain", toExplain);
    addEventListener("bluetick:close", toClose);
    addEventListener("bluetick:take", toTake);
    return () => {
      removeEventListener("bluetick:explain", toExplain);
      removeEventListener("bluetick:close", toClose);
      removeEventListener("bluetick:take", toTake);
    };
  }, [id]);

  return (
    <article class="detail" aria-label="Alert">
      {loaded.error !== null && <Refused error={loaded.error} again={() => void loaded.reload()} />}
      {alert !== null && (
        <>
          <Head alert={alert} parameters={parameters} onChanged={changed} onExplain={() => explain(1)} onClose={() => ask(true)} />
          <div class="columns">
            <div>
              <Why work={why} />
              <Rows alert={alert} onExplain={explain} />
            </div>
            <aside>
              <section>
                <h2>Entities</h2>
                <Entities entities={alert.entities} />
              </section>
              <section>
                <h2>Comments</h2>
                <Comments what="alerts" id={id} comments={alert.comments} onChanged={changed} />
              </section>
              <section>
                <h2>History</h2>
                <Happenings events={alert.history} label="History" />
              </section>
            </aside>
          </div>
          {isClosing && <CloseDialog what="alerts" id={id} onClose={() => ask(false)} onClosed={changed} />}
        </>
      )}
    </article>
  );
}

interface HeadProps {
  alert: WholeAlert;
  parameters: Record<string, string>;
  onChanged: () => Promise<void>;
  onExplain: () => void;
  onClose: () => void;
}

function Head({ alert, parameters, onChanged, onExplain, onClose }: HeadProps): JSX.Element {
  return (
    <header class="head">
      <div class="line">
        <Severity of={alert.severity} />
        <h1>
          <Inert text={alert.title} />
        </h1>
        <AlertStatus alert={alert} />
        <a class="button plain away" href={address("alerts", "", parameters)} aria-label="Back to the queue" title="Escape">
          ✕
        </a>
      </div>
      {alert.description && <Clamped text={alert.description} />}
      {alert.verdict !== null && (
        <p class="decided">
          Closed as <strong>{verdictText(alert.verdict).toLowerCase()}</strong>
          {alert.reason && (
            <>
              : <Inert text={alert.reason} lines />
            </>
          )}
        </p>
      )}
      <div class="actions">
        <button class="primary" onClick={onExplain} title="e">
          Why this fired
        </button>
        {mayChange() && (
          <button onClick={onClose} title="x">
            {isOpen(alert) ? "Close …" : "Close otherwise …"}
          </button>
        )}
        {alert.query && <OpenQuery text={alert.query} title={alert.title} {...(alert.window ? { time: { kind: "between", from: alert.window.start, to: alert.window.end } } : {})} />}
      </div>
      <Facts
        facts={[
          ["Rule", <a href={address("rules", alert.rule)}><Inert text={alert.ruleName ?? alert.rule} /></a>],
          ["First found", <Time at={alert.first} />],
          ["Last found", <Time at={alert.last} />],
          ["Raised", <Time at={alert.created} />],
          ["Owner", <Owner what="alerts" id={alert.id} owner={alert.owner} onChanged={onChanged} />],
          ["Incident", alert.incident === null ? "none" : <a href={address("incidents", String(alert.incident))}>#{alert.incident}</a>],
          ["Techniques", <Techniques tactics={alert.tactics} techniques={alert.techniques} />],
        ]}
      />
    </header>
  );
}

function Why({ work }: { work: Work }): JSX.Element | null {
  if (!work.isRunning && work.job === null && work.error === null) return null;
  return (
    <section class="why panel" aria-label="Why this fired">
      <header>
        <h2>Why this fired</h2>
        {!work.isRunning && (
          <button class="plain" aria-label="Hide why" onClick={work.forget}>
            ✕
          </button>
        )}
      </header>
      <JobProgress work={work} what="Running the rule again over what it read" />
      {work.job?.state === "done" && <Explanation result={work.job.result} />}
    </section>
  );
}

function Rows({ alert, onExplain }: { alert: WholeAlert; onExplain: (row: number) => void }): JSX.Element {
  const columns = alert.columns.map(columnName);
  const time = timeColumn(alert.rows);
  const beyond = alert.rowCount - alert.rows.length;
  return (
    <section>
      <h2>
        Rows <span class="quiet">{alert.rowCount.toLocaleString("en")}</span>
      </h2>
      {time >= 0 && alert.rows.length > 1 && (
        <TimeStrip label={`Rows by ${columns[time]}`} what="row" instants={alert.rows.map((row) => cellText(row[time]))} />
      )}
      <RowsTable
        label="Rows"
        columns={columns}
        rows={alert.rows}
        below={(row) => <button onClick={() => onExplain(row + 1)}>Why this row?</button>}
      />
      {beyond > 0 && <p class="quiet">{beyond.toLocaleString("en")} more rows are only counted.</p>}
    </section>
  );
}
