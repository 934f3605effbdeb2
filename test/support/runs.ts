export const RUNS = Number(process.env["PROPERTY_RUNS"] ?? 200)
