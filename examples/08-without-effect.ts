import { PromiseClient } from "effect-app-server/client"

const app = await PromiseClient.connect("ws://127.0.0.1:4500", { clientInfo: { name: "me", version: "1" } })
const shell = await app.exec({ command: ["stty", "size"], tty: true })
for await (const { bytes } of shell.output) process.stdout.write(bytes)
console.log(await shell.exit())
await app.close()
