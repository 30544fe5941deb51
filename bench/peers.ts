/**
 * What peers take for the same work: printed by peers.py with JAX 0.10.2, Equinox 0.13.8, Quax 0.4.6 and Optax 0.2.8
 * on Python 3.11 and a 2-core server. Run it on your machine to compare there.
 */
export const peerSource = "JAX 0.10.2, Quax 0.4.6 on a 2-core server (bench/peers.py)";

export const microseconds = {
  readmeEager: { Quax: 418 },
  readmeJitted: { Quax: 10.7 },
  smallCall: { JAX: 5.0 },
  trainingStep: { JAX: 252 },
  loraStep: { Quax: 239 },
} as const;

export const milliseconds = { traceGradient: { JAX: 15.3 } } as const;

export const gigaflops = { dot128: { JAX: 44 } } as const;
