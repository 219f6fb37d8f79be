// Loaded before a client: leads what it sends to CleverTap's hosts to the sandbox instead, as it is.
// The name of the host stays in the request, so that the sandbox knows which region was meant.
"use strict";

const http = require("node:http");
const https = require("node:https");

const sandbox = new URL(process.env.SANDBOX_URL);

https.request = (options, callback) => {
  if (!/(^|\.)api\.clevertap\.com$/.test(options.hostname)) {
    throw new Error(`a witness wants to reach ${options.hostname}`);
  }
  return http.request(
    {
      ...options,
      protocol: "http:",
      host: sandbox.hostname,
      hostname: sandbox.hostname,
      port: sandbox.port,
      headers: { ...options.headers, Host: options.hostname },
    },
    callback,
  );
};
