# Sourced: exports CXX, through ccache, unless the caller chose one.
if [ -z "${CXX:-}" ]; then
  if command -v clang++-19 > /dev/null; then CXX=clang++-19; else CXX=g++; fi
  if command -v ccache > /dev/null; then CXX="ccache $CXX"; fi
  export CXX
fi
# What ccache wants to be told before it keeps what was compiled with a precompiled header.
export CCACHE_SLOPPINESS="${CCACHE_SLOPPINESS:-pch_defines,time_macros}"
# Which headers a file read is taken from the compiler's own list, not from a preprocessor run before it:
# an eighth of the time of a build that finds nothing in the cache.
export CCACHE_DEPEND=1
