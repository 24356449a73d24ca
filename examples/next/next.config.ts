import type { NextConfig } from "next";

// Coatcheck brings native binaries: it is loaded as it stands and not bundled.
const config: NextConfig = { serverExternalPackages: ["coatcheck"] };

export default config;
