// The backends that come with the library; the first one defined is the default.
import "./reference/index.ts";
import "./wasm/index.ts";
