// What the page of the tests offers as `stageline`.
export { whatIsMissing } from "./snippet.js";
export { repeat, wait, walk } from "./walk.js";
export { tell } from "./webhooks.js";
