/** The graph library, and how a graph is drawn. Loaded when one is. */
import cytoscape, { type Core } from "cytoscape";
import { inert } from "../text/inert";
import { graphPlaces, type GraphData } from "./graph_data";

const LONG = 48;
const LEAST_ZOOM = 0.85;
const STYLE_ID = "__________cytoscape_stylesheet";

// The library would write a style element, which the page's policy forbids; it does not where one of this name is there.
// The rule itself stands in results.css.
if (document.getElementById(STYLE_ID) === null) {
  const standIn = document.createElement("meta");
  standIn.id = STYLE_ID;
  document.head.append(standIn);
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function label(text: string): string {
  const shown = inert(text);
  return shown.length > LONG ? `${shown.slice(0, LONG)}…` : shown;
}

export function drawGraph(element: HTMLElement, data: GraphData, onNode: (node: number, isTaken: boolean) => void): Core {
  const places = graphPlaces(data);
  const most = Math.max(1, ...data.edges.map((edge) => edge.weight));
  const weight = (of: number): number => 1 + 7 * (Math.log1p(of) / Math.log1p(most));
  const graph = cytoscape({
    container: element,
    elements: [
      ...data.nodes.map((node, index) => ({
        data: { id: `n${index}`, label: `${label(node.text)}  ${node.weight.toLocaleString("en")}`, index },
        classes: node.side,
        position: { ...(places[index] ?? { x: 0, y: 0 }) },
      })),
      ...data.edges.map((edge, index) => ({
        data: { id: `e${index}`, source: `n${edge.from}`, target: `n${edge.to}`, weight: weight(edge.weight) },
      })),
    ],
    layout: { name: "preset", fit: true, padding: 32 },
    minZoom: 0.15,
    maxZoom: 3,
    autoungrabify: true,
    boxSelectionEnabled: false,
    style: [
      {
        selector: "node",
        style: {
          width: 12,
          height: 12,
          label: "data(label)",
          "font-size": 11,
          "font-family": "system-ui, sans-serif",
          color: colour("--text"),
          "background-color": colour("--accent"),
          "text-valign": "center",
        },
      },
      { selector: "node.from", style: { "text-halign": "left", "text-margin-x": -6 } },
      { selector: "node.to", style: { "text-halign": "right", "text-margin-x": 6, shape: "round-rectangle", "background-color": colour("--medium") } },
      {
        selector: "edge",
        style: {
          width: "data(weight)",
          "line-color": colour("--accent"),
          "line-opacity": 0.32,
          "curve-style": "unbundled-bezier",
          "control-point-distances": [0],
          "control-point-weights": [0.5],
          "target-arrow-shape": "none",
        },
      },
      { selector: "edge.near", style: { "line-opacity": 0.9 } },
      { selector: ".far", style: { opacity: 0.18 } },
    ],
  });
  // What would be too small to read is not made to fit: it begins at the top, and is moved by hand.
  if (graph.zoom() < LEAST_ZOOM) {
    graph.zoom(LEAST_ZOOM);
    graph.center();
    const box = graph.elements().renderedBoundingBox();
    graph.panBy({ x: 0, y: 24 - box.y1 });
  }
  graph.on("mouseover", "node", (event) => {
    const near = event.target.closedNeighborhood();
    graph.elements().difference(near).addClass("far");
    near.edges().addClass("near");
    element.style.cursor = "pointer";
  });
  graph.on("mouseout", "node", () => {
    graph.elements().removeClass("far near");
    element.style.cursor = "";
  });
  graph.on("tap", "node", (event) => {
    const original = event.originalEvent as MouseEvent | undefined;
    onNode(event.target.data("index") as number, original?.shiftKey === true);
  });
  return graph;
}
