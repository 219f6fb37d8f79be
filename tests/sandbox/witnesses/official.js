// Runs CleverTap's own library for Node: reads what to do as JSON, and writes what it answered.
// {"account", "passcode", "region", "steps": [["upload", [...]], ["profile", {...}], ...]}
"use strict";

const CleverTap = require("clevertap");

const { account, passcode, region, steps } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const clevertap = CleverTap.init(account, passcode, region);

(async () => {
  const answers = [];
  for (const [method, subject, options] of steps) {
    answers.push(await clevertap[method](subject, options || {}));
  }
  process.stdout.write(JSON.stringify(answers));
})();
