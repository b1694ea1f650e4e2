// SPDX-License-Identifier: MIT
// Copyright (c) 2026 The Keelson Authors
//
// Asks @tinfoilsh/verifier (AGPL, fetched and not part of this project) about one report. Its roots are compiled in, so its
// parts are taken by path and given the chain. Exit 0: accepted, 1: refused, and why on stderr.
// usage: node tinfoil.mjs MODULES REPORT ARK ASK VCEK DATA MEASUREMENT VMPL   (certificates PEM; DATA, MEASUREMENT hex)
import {readFileSync} from 'node:fs';
import {pathToFileURL} from 'node:url';

const [modules, report, ark, ask, vcek, data, measurement, vmpl] = process.argv.slice(2);
const part = (name) => import(pathToFileURL(`${modules}/${name}`));
const {Report} = await part('@tinfoilsh/verifier/dist/sev/report.js');
const {CertificateChain} = await part('@tinfoilsh/verifier/dist/sev/cert-chain.js');
const {verifyAttestation} = await part('@tinfoilsh/verifier/dist/sev/verify.js');
const {validateReport, defaultValidationOptions} = await part('@tinfoilsh/verifier/dist/sev/validation.js');
const {X509Certificate} = await part('@freedomofpress/sigstore-browser/dist/index.js');

const bytes = (hex) => new Uint8Array(Buffer.from(hex, 'hex'));
const certificate = (path) => X509Certificate.parse(readFileSync(path, 'utf8'));

try {
  const parsed = new Report(new Uint8Array(readFileSync(report)));
  const chain = new CertificateChain(certificate(ark), certificate(ask), certificate(vcek));
  if (!await verifyAttestation(chain, parsed)) throw new Error('the signature does not fit');
  // Without its own wish for a platform with TSME.
  validateReport(parsed, chain, {...defaultValidationOptions, platformInfo: undefined, reportData: bytes(data),
                                 measurement: bytes(measurement), vmpl: Number(vmpl)});
} catch (e) {
  console.error(`refused: ${e.message}${e.cause ? `: ${e.cause.message}` : ''}`);
  process.exit(1);
}
