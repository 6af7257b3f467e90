// Renders raw float32, mono, with @opendaw/nam-wasm, and prints the seconds of processor time:
// node nam_judge.mjs PACKAGE MODEL IN OUT
import fs from "node:fs"
import path from "node:path"
import url from "node:url"

const [folder, model, input, output] = process.argv.slice(2)
const dist = path.resolve(folder, "dist")
const { createNamModule, NamWasmModule } = await import(url.pathToFileURL(path.join(dist, "index.js")))
const wasmBinary = fs.readFileSync(path.join(dist, "nam.wasm"))
const nam = NamWasmModule.fromModule(await createNamModule({ wasmBinary }))
nam.setSampleRate(48000)
const instance = nam.createInstance()
if (!nam.loadModel(instance, fs.readFileSync(model, "utf8"))) process.exit(1)

const bytes = fs.readFileSync(input)
const sound = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
const made = new Float32Array(sound.length)
const BLOCK = 128  // the renderer takes no other
const started = process.cpuUsage()
for (let at = 0; at + BLOCK <= sound.length; at += BLOCK) {
    const block = new Float32Array(BLOCK)
    nam.process(instance, sound.slice(at, at + BLOCK), block)
    made.set(block, at)
}
console.log(process.cpuUsage(started).user / 1e6)
fs.writeFileSync(output, Buffer.from(made.buffer))
