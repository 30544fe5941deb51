import { config } from "cotangent/config";

config.enableX64 = true;
if (!config.enableX64) throw new Error("the setting did not take");
