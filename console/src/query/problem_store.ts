/** The problems of the text that the editor shows; apart from the editor, which loads late. */
import { signal } from "@preact/signals";
import type { Problem } from "../api/query";

/** A problem at its place in the editor: lines and columns from 1, columns in UTF-16 units. */
export interface Placed extends Problem {
  readonly at: {
    readonly startLineNumber: number;
    readonly startColumn: number;
    readonly endLineNumber: number;
    readonly endColumn: number;
  };
}

export const placedProblems = signal<readonly Placed[]>([]);
