"use strict";
// Shows the API's description. Everything is put in as text, nothing as markup.

const make = (name, attributes = {}, ...inside) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside.filter((one) => one !== null && one !== undefined));
  return made;
};

// Words between backquotes are set as code.
const told = (text) => text.split("`").map((part, place) => (place % 2 ? make("code", {}, part) : part));

let description;

const followed = (schema) => {
  if (!schema || !schema.$ref) return schema || {};
  return schema.$ref.slice(2).split("/").reduce((place, name) => place[name], description);
};

const named = (schema) => (schema && schema.$ref ? schema.$ref.split("/").pop() : "");

function kindOf(schema) {
  if (!schema) return "";
  if (schema.$ref) {
    const inner = followed(schema);
    return inner.enum ? inner.enum.join(" | ") : named(schema);
  }
  if (schema.anyOf) return schema.anyOf.map(kindOf).join(" or ");
  if (schema.enum) return schema.enum.map(String).join(" | ");
  if (schema.type === "array") return `list of ${kindOf(schema.items) || "anything"}`;
  if (schema.type === "object" && schema.additionalProperties) return `map to ${kindOf(schema.additionalProperties)}`;
  return [schema.type || "anything", schema.format].filter(Boolean).join(", ");
}

const LIMITS = [
  ["minimum", "at least"], ["maximum", "at most"], ["exclusiveMinimum", "more than"], ["exclusiveMaximum", "less than"],
  ["minLength", "shortest"], ["maxLength", "longest"], ["minItems", "fewest"], ["maxItems", "most"], ["pattern", "pattern"],
];

function limitsOf(schema) {
  const parts = [schema, ...(schema.anyOf || [])];
  const limits = LIMITS.flatMap(([key, says]) => parts.filter((one) => key in one).map((one) => `${says} ${one[key]}`));
  if ("default" in schema && schema.default !== null) limits.push(`default ${JSON.stringify(schema.default)}`);
  return limits.join("; ");
}

function tableOf(heads, rows) {
  const head = make("tr", {}, ...heads.map((one) => make("th", { scope: "col" }, one)));
  const body = rows.map((row) => make("tr", {}, ...row.map((one) => make("td", {}, one))));
  return make("div", { class: "wide", tabindex: "0" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
}

function fieldsOf(schema, isAnswer) {
  const whole = followed(schema);
  const needed = new Set(whole.required || []);
  return Object.entries(whole.properties || {}).map(([name, field]) => {
    const row = [make("code", {}, name), kindOf(field)];
    return isAnswer ? row : [...row, needed.has(name) ? "required" : "", limitsOf(field)];
  });
}

function schemaOf(schema, isAnswer = false, seen = new Set()) {
  const whole = followed(schema);
  if (whole.type === "array" && whole.items) return make("div", {}, make("p", {}, `A list of ${kindOf(whole.items)}.`), schemaOf(whole.items, isAnswer, seen));
  const box = make("div", {}, whole.description ? make("p", {}, ...told(whole.description)) : null);
  const rows = fieldsOf(schema, isAnswer);
  if (rows.length) box.append(tableOf(isAnswer ? ["field", "type"] : ["field", "type", "", "limits"], rows));
  for (const inner of refsIn(whole)) {
    if (seen.has(inner) || followed({ $ref: inner }).enum) continue;
    seen.add(inner);
    box.append(make("details", {}, make("summary", {}, inner.split("/").pop()), schemaOf({ $ref: inner }, isAnswer, seen)));
  }
  return box;
}

function refsIn(value) {
  if (Array.isArray(value)) return value.flatMap(refsIn);
  if (value === null || typeof value !== "object") return [];
  return [...new Set(Object.entries(value).flatMap(([key, inner]) => (key === "$ref" ? [inner] : key === "mapping" ? [] : refsIn(inner))))];
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curlOf(method, path, operation, media, example) {
  const wanted = (operation.parameters || []).filter((one) => one.in === "query" && one.required).map((one) => `${one.name}=…`);
  const place = `${location.origin}${path}${wanted.length ? `?${wanted.join("&")}` : ""}`;
  const parts = [`curl ${method === "GET" ? "" : `-X ${method} `}${wanted.length ? quoted(place) : place}`];
  if (!operation.security || operation.security.length) parts.push('-H "Authorization: Bearer $KEY"');
  for (const one of operation.parameters || []) if (one.in === "header") parts.push(`-H "${one.name}: $(uuidgen)"`);
  if (media) parts.push(`-H "Content-Type: ${media === "*/*" ? "application/json" : media}"`);
  if (media && media !== "application/json") parts.push("--data-binary @file");
  else if (example) parts.push(`-d ${quoted(JSON.stringify(example))}`);
  return parts.join(" \\\n  ");
}

function parametersOf(operation) {
  const rows = (operation.parameters || []).map((one) => [
    make("code", {}, one.name), one.in, kindOf(one.schema), one.required ? "required" : "", limitsOf(one.schema),
    make("span", {}, ...told(one.description || "")),
  ]);
  return rows.length ? [make("h4", {}, "Parameters"), tableOf(["name", "where", "type", "", "limits", ""], rows)] : [];
}

function answersOf(operation) {
  const answers = Object.entries(operation.responses).filter(([, answer]) => !answer.$ref);
  return answers.flatMap(([status, answer]) => {
    const [[media, content]] = Object.entries(answer.content || { "": {} });
    const kinds = Object.keys(answer.content || {}).filter((kind) => kind !== "application/json");
    const shown = media && content.schema && Object.keys(content.schema).length ? schemaOf(content.schema, true) : null;
    return [make("h4", {}, [`Answer ${status} ${answer.description}`, ...kinds].join(", ")), shown];
  });
}

function operationOf(path, verb, operation) {
  const method = verb.toUpperCase();
  const [media, content] = Object.entries((operation.requestBody || {}).content || {})[0] || [];
  const example = content && content.examples ? content.examples.example.value : null;
  const section = make(
    "section", { id: operation.operationId },
    make("h3", {}, make("span", { class: "verb" }, method), make("code", {}, path)),
    make("p", {}, ...told(operation.summary)),
    operation.description ? make("p", { class: "soft" }, ...told(operation.description)) : null,
    ...parametersOf(operation),
  );
  if (content) section.append(make("h4", {}, media === "*/*" ? "Body, as it comes" : `Body, ${media}`), schemaOf(content.schema));
  if (typeof example === "string") section.append(make("pre", { tabindex: "0" }, example));
  section.append(make("pre", { tabindex: "0" }, curlOf(method, path, operation, media, example)), ...answersOf(operation).filter(Boolean));
  return section;
}

function show() {
  const main = document.getElementById("main");
  const list = document.getElementById("list");
  document.getElementById("about").replaceWith(make("p", {}, ...told(description.info.description)));
  const groups = new Map();
  for (const [path, verbs] of Object.entries(description.paths))
    for (const [verb, operation] of Object.entries(verbs)) {
      const tag = (operation.tags || [""])[0];
      groups.set(tag, [...(groups.get(tag) || []), [path, verb, operation]]);
    }
  for (const [tag, operations] of groups) {
    main.append(make("h2", {}, tag));
    list.append(make("strong", {}, tag));
    for (const [path, verb, operation] of operations) {
      main.append(operationOf(path, verb, operation));
      const link = { href: `#${operation.operationId}`, title: path };
      list.append(make("a", link, make("span", { class: "verb" }, verb.toUpperCase()), make("span", {}, ...told(operation.summary || path))));
    }
  }
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

document.getElementById("filter").addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase();
  for (const link of document.querySelectorAll("#list a")) link.hidden = !`${link.textContent} ${link.title}`.toLowerCase().includes(wanted);
});

fetch("/v1/openapi.json")
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
  .then((told) => { description = told; show(); })
  .catch((fault) => { document.getElementById("about").textContent = `The description can't be read (${fault.message}). Load the page again.`; });
