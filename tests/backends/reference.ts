import "cotangent";
import { setBackend } from "../../src/core/backend.ts";

// Set up before each file of the project "reference".
setBackend("reference");
