/** The levels of evidence, in words. */

export const LEVELS: Readonly<Record<string, { readonly words: string; readonly means: string }>> = {
  written: { words: "written", means: "a document names the technique" },
  binds: { words: "binds", means: "its query binds against the known schemas" },
  fed: { words: "fed", means: "its tables are here, and the columns that decide have values" },
  ran: { words: "ran", means: "it ran over the last window without an error, and its tables reach back far enough" },
  tested: { words: "tested", means: "a sample beside it shows a hit, and none fails" },
  proven: { words: "proven", means: "an alert of a backtest showed a labelled event" },
};

export function levelWords(level: string): string {
  return LEVELS[level.toLowerCase()]?.words ?? level;
}
