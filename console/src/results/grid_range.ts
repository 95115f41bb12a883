/** Which cells of a grid are chosen: a rectangle of the screen, from where it began to the current cell. */
import type { ResultTable } from "../api/query";
import { separated } from "./copying";

/** A cell by its place on the screen. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

export interface Box {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

interface Extent {
  readonly rows: number;
  readonly columns: number;
  /** How many rows a page has. */
  readonly page: number;
}

const ACTIVE = "active-cell";

export class CellRange {
  active: Place | null = null;
  private anchor: Place | null = null;
  private marked: Element[] = [];

  constructor(private readonly columnOf: (field: string) => number) {}

  clear(): void {
    this.active = this.anchor = null;
  }

  go(place: Place, isExtending: boolean): void {
    this.active = place;
    if (!isExtending || this.anchor === null) this.anchor = place;
  }

  chooseRow(row: number, lastColumn: number, isExtending: boolean): void {
    this.active = { row, column: 0 };
    this.anchor = { row: isExtending && this.anchor ? this.anchor.row : row, column: lastColumn };
  }

  chooseAll(lastRow: number, lastColumn: number): void {
    this.active ??= { row: 0, column: 0 };
    this.active = { row: 0, column: 0 };
    this.anchor = { row: lastRow, column: lastColumn };
  }

  box(): Box | null {
    const { active, anchor } = this;
    if (active === null || anchor === null) return null;
    return {
      top: Math.min(active.row, anchor.row),
      bottom: Math.max(active.row, anchor.row),
      left: Math.min(active.column, anchor.column),
      right: Math.max(active.column, anchor.column),
    };
  }

  has(place: Place): boolean {
    const box = this.box();
    if (box === null) return false;
    return place.row >= box.top && place.row <= box.bottom && place.column >= box.left && place.column <= box.right;
  }

  /** Moves by a key. Whether the key is one that moves. */
  move(event: KeyboardEvent, extent: Extent): boolean {
    const isFar = event.ctrlKey || event.metaKey;
    const at = this.active ?? { row: -1, column: 0 };
    const lastRow = extent.rows - 1;
    const lastColumn = extent.columns - 1;
    const targets: Readonly<Record<string, Place>> = {
      ArrowDown: { row: isFar ? lastRow : at.row + 1, column: at.column },
      ArrowUp: { row: isFar ? 0 : at.row - 1, column: at.column },
      ArrowRight: { row: at.row, column: isFar ? lastColumn : at.column + 1 },
      ArrowLeft: { row: at.row, column: isFar ? 0 : at.column - 1 },
      PageDown: { row: at.row + extent.page, column: at.column },
      PageUp: { row: at.row - extent.page, column: at.column },
      Home: { row: isFar ? 0 : at.row, column: 0 },
      End: { row: isFar ? lastRow : at.row, column: lastColumn },
    };
    const target = targets[event.key];
    if (target === undefined || lastRow < 0 || lastColumn < 0) return false;
    const within = (value: number, last: number): number => Math.max(0, Math.min(last, value));
    this.go({ row: within(target.row, lastRow), column: within(target.column, lastColumn) }, event.shiftKey);
    return true;
  }

  /** Marks the chosen cells among rows that are drawn. The id of the current cell's element, where it is one of them. */
  paint(rows: Iterable<Element>, placeOf: (row: Element) => number, columns: readonly number[]): string | null {
    for (const element of this.marked) {
      element.classList.remove("chosen", "active");
      if (element.id === ACTIVE) element.removeAttribute("id");
    }
    this.marked = [];
    const box = this.box();
    if (box === null) return null;
    const chosen = new Set(columns.slice(box.left, box.right + 1));
    const isOne = box.top === box.bottom && box.left === box.right;
    let found: string | null = null;
    for (const row of rows) {
      const place = placeOf(row);
      if (place < box.top || place > box.bottom) continue;
      for (const cell of row.querySelectorAll(":scope > .tabulator-cell")) {
        const column = this.columnOf(cell.getAttribute("tabulator-field") ?? "");
        if (!chosen.has(column)) continue;
        if (!isOne) cell.classList.add("chosen");
        if (place === this.active?.row && column === columns[this.active.column]) {
          cell.classList.add("active");
          cell.id = found = ACTIVE;
        }
        this.marked.push(cell);
      }
    }
    return found;
  }

  /** The chosen cells as text: one alone as it is, more with tabs between them. */
  text(table: ResultTable, chosen: { rows: number[]; columns: number[] }): string {
    return separated(table, chosen.rows, chosen.columns, { separator: "\t", hasHeader: false });
  }
}
