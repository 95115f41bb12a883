/** Rows of one height: drawn where the grid is scrolled to, by arithmetic, so that no row has to be measured. */
import { Renderer } from "tabulator-tables";

export const ROW_HEIGHT = 26;
// Rows drawn beyond what is in sight, and how many stay made after they went out of sight.
const BEYOND = 12;
const MOST_MADE = 400;

/** What the library's rows are to those that draw them. */
interface Row {
  initialized: boolean;
  initialize(isForced: boolean, isInFragment: boolean): void;
  deleteCells(): void;
  getElement(): HTMLElement;
}

interface Drawing {
  readonly elementVertical: HTMLElement;
  readonly tableElement: HTMLElement;
  verticalFillMode: "fit" | "fill";
  rows(): Row[];
  dispatch(event: string): void;
}

const Base = Renderer as unknown as new (table: unknown) => Drawing;

/** The order of the rows on the screen, shared by a grid and its renderer: numbers of the library's rows. */
export interface RowOrder {
  order: Uint32Array;
  /** Draws anew, from the top. Set by the renderer. */
  redraw: () => void;
}

export function fixedRows(shared: RowOrder): new (table: unknown) => object {
  return class FixedRows extends Base {
    private first = 0;
    private end = 0;
    private height = 0;
    private readonly made = new Set<Row>();

    constructor(table: unknown) {
      super(table);
      this.verticalFillMode = "fill";
      shared.redraw = () => {
        this.elementVertical.scrollTop = 0;
        this.renderRows();
        // What draws columns keeps which rows are in sight.
        this.dispatch("data-refreshed");
      };
    }

    clearRows(): void {
      this.drop();
      this.tableElement.style.paddingTop = this.tableElement.style.paddingBottom = "";
      this.elementVertical.scrollTop = 0;
    }

    renderRows(): void {
      this.drop();
      this.height = this.elementVertical.clientHeight;
      this.place(this.elementVertical.scrollTop);
    }

    rerenderRows(callback?: () => void): void {
      callback?.();
      this.renderRows();
    }

    scrollRows(top: number): void {
      this.place(top);
    }

    resize(): void {
      this.height = this.elementVertical.clientHeight;
      this.place(this.elementVertical.scrollTop);
    }

    visibleRows(): Row[] {
      return this.slice(this.first, this.end);
    }

    private slice(first: number, end: number): Row[] {
      const rows = this.rows();
      return Array.from(shared.order.subarray(first, end), (number) => rows[number]).filter((row) => row !== undefined);
    }

    private drop(): void {
      this.tableElement.replaceChildren();
      this.first = this.end = 0;
    }

    private place(top: number): void {
      const total = Math.min(shared.order.length, this.rows().length);
      const first = Math.max(0, Math.min(total, Math.floor(top / ROW_HEIGHT)) - BEYOND);
      const end = Math.min(total, Math.ceil((top + this.height) / ROW_HEIGHT) + BEYOND);
      if (first === this.first && end === this.end) return;
      if (first >= this.end || end <= this.first) {
        this.drop();
        this.tableElement.append(this.draw(first, end));
      } else {
        const children = this.tableElement.children;
        for (let away = this.first; away < Math.min(first, this.end); away += 1) children[0]?.remove();
        for (let away = Math.max(end, this.first); away < this.end; away += 1) children[children.length - 1]?.remove();
        if (first < this.first) this.tableElement.prepend(this.draw(first, this.first));
        if (end > this.end) this.tableElement.append(this.draw(this.end, end));
      }
      this.first = first;
      this.end = end;
      this.tableElement.style.paddingTop = `${first * ROW_HEIGHT}px`;
      this.tableElement.style.paddingBottom = `${(total - end) * ROW_HEIGHT}px`;
      this.forget();
    }

    private draw(first: number, end: number): DocumentFragment {
      const fragment = document.createDocumentFragment();
      for (const row of this.slice(first, end)) {
        row.initialize(false, true);
        // Behind those that were made before: what was in sight longest ago is forgotten first.
        this.made.delete(row);
        this.made.add(row);
        fragment.append(row.getElement());
      }
      return fragment;
    }

    private forget(): void {
      for (const row of this.made) {
        if (this.made.size <= MOST_MADE) return;
        this.made.delete(row);
        row.deleteCells();
        row.getElement().replaceChildren();
        row.initialized = false;
      }
    }
  };
}
