import { PromiseClient } from "effect-app-server/client"

const clientInfo = { name: "me", version: "1" }
const client = await PromiseClient.connect("ws://127.0.0.1:4500", { clientInfo })
const shell = await client.exec({ command: ["stty", "size"], tty: true })
for await (const { bytes } of shell.output) process.stdout.write(bytes)
console.log(await shell.exit())
await client.close()
