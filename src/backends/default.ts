// The backends that come with the library. Programs are compiled, unless another one is chosen.
import { setBackend } from "../core/backend.ts";
import "./reference/index.ts";
import { wasm } from "./wasm/index.ts";

setBackend(wasm.name);
