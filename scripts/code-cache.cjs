// `node --require code-cache.cjs main.js --listen …` serves a client of its own, writes what V8 has compiled for that
// into the file that CODE_CACHE names, and ends.
const fs = require("node:fs")
const http = require("node:http")
const vm = require("node:vm")
const { WebSocket } = require("ws")

let script
vm.Script = class extends vm.Script {
  constructor(...args) {
    super(...args)
    script = this
  }
}

const finish = () => {
  fs.writeFileSync(process.env.CODE_CACHE, script.createCachedData())
  process.exit()
}

const REQUESTS = [
  { method: "initialize", params: { clientInfo: { name: "build", version: "0" } } },
  { method: "command/exec", params: { command: ["true"] } }
]

const converse = (url) => {
  const socket = new WebSocket(url)
  let next = 0
  const ask = () => socket.send(JSON.stringify({ id: next, ...REQUESTS[next] }))
  socket.on("open", ask)
  socket.on("message", (text) => {
    const { error, id } = JSON.parse(text)
    if (error !== undefined) throw new Error(error.message)
    if (id !== next) return
    if (next === 0) socket.send('{"method":"initialized"}')
    if (++next < REQUESTS.length) ask()
    else finish()
  })
}

const write = process.stderr.write.bind(process.stderr)
process.stderr.write = (text) => {
  const [, url, readyz] = /listening on: (\S+)\s+readyz: (\S+)/.exec(text) ?? []
  if (url === undefined) return write(text)
  http.get(readyz, (answer) => answer.resume().on("end", () => converse(url)))
  return true
}
