#!/usr/bin/env node
// Becomes dist/main.js: starts the program beside it, with what V8 compiled of it when it was built. Where that is
// missing, or made by another V8, it is compiled as usual; nothing is written. CommonJS, because Node need not start
// its loader of ES modules then.
const fs = require("node:fs")
const path = require("node:path")
const { pathToFileURL } = require("node:url")
const vm = require("node:vm")

const codeCache = () => {
  try {
    return fs.readFileSync(path.join(__dirname, `program-${process.version}-${process.arch}.cache`))
  } catch {
    return undefined
  }
}

const filename = path.join(__dirname, "program.js")
// it is ASCII, so what is read is what V8 keeps
const program = new vm.Script(fs.readFileSync(filename, "latin1"), { filename, cachedData: codeCache() })
program.runInThisContext()(require, pathToFileURL(filename).href)
