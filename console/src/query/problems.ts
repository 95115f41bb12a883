/** Problems of a text by our binder: asked for when typing pauses, never shown for a text that is no longer there. */
import { analyze, type Problem } from "../api/query";
import { LANGUAGE, monaco } from "./monaco";
import { placedProblems, type Placed } from "./problem_store";
import { queries, unitsOf, type Piece } from "./statements";

const PAUSE_MS = 250;
const OWNER = "bluetick";
const KEPT = 100;

const known = new Map<string, readonly Problem[]>();

async function problemsOf(text: string): Promise<readonly Problem[]> {
  const before = known.get(text);
  if (before !== undefined) return before;
  const found = (await analyze(text)).diagnostics;
  const oldest = known.keys().next();
  if (known.size >= KEPT && !oldest.done) known.delete(oldest.value);
  known.set(text, found);
  return found;
}

function placed(problem: Problem, piece: Piece, model: monaco.editor.ITextModel): Placed {
  const start = piece.start + unitsOf(piece.text, problem.start);
  const end = piece.start + unitsOf(piece.text, problem.end);
  // Nothing can be drawn under no character: a problem at an end stands under the one before it.
  const isEmpty = end <= start;
  const from = model.getPositionAt(isEmpty && start > piece.start ? start - 1 : start);
  const to = model.getPositionAt(isEmpty ? Math.max(start, piece.start + 1) : end);
  return { ...problem, at: monaco.Range.fromPositions(from, to) };
}

const SEVERITIES: Readonly<Record<string, monaco.MarkerSeverity>> = {
  error: monaco.MarkerSeverity.Error,
  warning: monaco.MarkerSeverity.Warning,
};

function marker(problem: Placed): monaco.editor.IMarkerData {
  const more = [problem.note && `Note: ${problem.note}`, problem.hint && `Hint: ${problem.hint}`].filter(Boolean);
  return {
    ...problem.at,
    severity: SEVERITIES[problem.severity] ?? monaco.MarkerSeverity.Info,
    message: [problem.message, ...more].join("\n"),
    code: problem.code,
  };
}

async function look(model: monaco.editor.ITextModel): Promise<void> {
  const version = model.getVersionId();
  const asked = queries(model.getValue()).filter((piece) => !/^(\s|\/\/[^\n]*\n)*\./.test(piece.text));
  const found: Placed[] = [];
  for (const piece of asked) {
    const ofPiece = await problemsOf(piece.text);
    if (model.isDisposed() || model.getVersionId() !== version) return;
    found.push(...ofPiece.map((one) => placed(one, piece, model)));
  }
  monaco.editor.setModelMarkers(model, OWNER, found.map(marker));
  placedProblems.value = found;
}

/** Watches what an editor shows. Gives what ends it. */
export function watchProblems(editor: monaco.editor.IStandaloneCodeEditor): monaco.IDisposable {
  let timer = 0;
  const soon = (pause: number): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const model = editor.getModel();
      // Without an answer (no server, no right) there is nothing to tell: running says it.
      if (model !== null && model.getLanguageId() === LANGUAGE) void look(model).catch(() => undefined);
    }, pause);
  };
  const listeners = [
    editor.onDidChangeModelContent(() => soon(PAUSE_MS)),
    editor.onDidChangeModel(() => {
      placedProblems.value = [];
      soon(0);
    }),
  ];
  soon(0);
  return {
    dispose: () => {
      clearTimeout(timer);
      listeners.forEach((one) => one.dispose());
    },
  };
}
