import { render } from "preact";
import "./theme.css";
import "./parts/parts.css";
import { App } from "./shell/app";

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
