import { callback } from "cotangent/debug";

let seen;
callback((x) => (seen = x.item()), 1.5);
if (seen !== 1.5) throw new Error("the callback did not get the value");
