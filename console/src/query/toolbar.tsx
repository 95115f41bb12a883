/** What can be done with a tab's query. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { handle } from "./editor";
import { Elapsed } from "./result_area";
import type { RunState } from "./running";
import { ShareDialog } from "./share_dialog";
import type { Tab } from "./tabs";
import type { TimeChoice } from "./time";
import { TimePicker } from "./time_picker";

interface Props {
  tab: Tab;
  run: RunState;
  onRun: () => void;
  onCancel: () => void;
  onTime: (time: TimeChoice) => void;
}

export function Toolbar({ tab, run, onRun, onCancel, onTime }: Props): JSX.Element {
  const [open, change] = useState<string | null>(null);
  const isEmpty = tab.text.trim() === "";
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
      <button class="plain" onClick={() => change("share")} disabled={isEmpty} title="A link that holds this query">
        Share
      </button>
      {open === "share" && <ShareDialog onClose={() => change(null)} />}
    </div>
  );
}
