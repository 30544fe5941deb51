import { config } from "cotangent";

// For tests of programs as texts, and of large ones: in their process nothing is recorded of where operations were called.
config.sources = false;
