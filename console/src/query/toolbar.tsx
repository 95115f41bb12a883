/** What can be done with a tab's query. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { mayChange, session } from "../api/session";
import { BacktestDialog } from "./backtest_dialog";
import { handle } from "./editor";
import { Elapsed } from "./result_area";
import type { RunState } from "./running";
import { SaveHuntDialog } from "./save_hunt_dialog";
import { SaveRuleDialog } from "./save_rule_dialog";
import { ShareDialog } from "./share_dialog";
import type { Tab } from "./tabs";
import { queries } from "./statements";
import type { TimeChoice } from "./time";
import { TimePicker } from "./time_picker";

interface Props {
  tab: Tab;
  run: RunState;
  onRun: () => void;
  onCancel: () => void;
  onTime: (time: TimeChoice) => void;
}

type Open = { readonly what: "share" | "rule" | "hunt" | "backtest"; readonly query: string };

/** The query that is meant: the selection or the one at the cursor, of a text that has several; else all of it. */
function meant(text: string): string {
  const chosen = handle.value?.current() ?? [];
  const isOne = queries(text).length <= 1 && chosen.length <= 1;
  return isOne ? text.trim() : chosen.map((piece) => piece.text).join("\n\n");
}

/** Why something cannot be saved now, or null. */
function lack(folder: "rules" | "hunts"): string | null {
  if (session.value === null) return "The server has not answered yet";
  if (!mayChange()) return "Your token may read only";
  return session.value[folder] ? null : `The server was started without --${folder}`;
}

export function Toolbar({ tab, run, onRun, onCancel, onTime }: Props): JSX.Element {
  const [open, change] = useState<Open | null>(null);
  const isEmpty = tab.text.trim() === "";
  const show = (what: Open["what"]) => () => change({ what, query: meant(tab.text) });
  const close = (): void => change(null);
  return (
    <div class="toolbar" role="toolbar" aria-label="Query">
      {run.isRunning ? (
        <button class="run cancel" onClick={onCancel} title="Cancel it, here and on the server">
          <span aria-hidden="true" class="square" /> Cancel <Elapsed since={run.began} />
        </button>
      ) : (
        <button class="primary run" onClick={onRun} disabled={isEmpty} title="Run all (Shift Enter); Ctrl Enter runs the query at the cursor">
          <span aria-hidden="true" class="triangle" /> Run
        </button>
      )}
      <TimePicker key={tab.id} choice={tab.time} onChange={onTime} />
      <span class="space" />
      <button class="plain" onClick={() => handle.value?.format()} disabled={isEmpty} title="Format (Shift Alt F)">
        Format
      </button>
      <button class="plain" onClick={show("share")} disabled={isEmpty} title="A link that holds this query">
        Share
      </button>
      <span class="rule" aria-hidden="true" />
      <button class="plain" onClick={show("backtest")} disabled={isEmpty || !mayChange()} title={mayChange() ? "What a rule of this query would have said" : "Your token may read only"}>
        Backtest
      </button>
      <button class="plain" onClick={show("rule")} disabled={isEmpty || lack("rules") !== null} title={lack("rules") ?? "A document in the folder of rules"}>
        Save as rule
      </button>
      <button class="plain" onClick={show("hunt")} disabled={isEmpty || lack("hunts") !== null} title={lack("hunts") ?? "A file in the folder of hunts"}>
        Save as hunt
      </button>
      {open?.what === "share" && <ShareDialog onClose={close} />}
      {open?.what === "backtest" && <BacktestDialog query={open.query} onClose={close} />}
      {open?.what === "rule" && <SaveRuleDialog query={open.query} title={tab.title} onClose={close} />}
      {open?.what === "hunt" && <SaveHuntDialog query={open.query} title={tab.title} onClose={close} />}
    </div>
  );
}
