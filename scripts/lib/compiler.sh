# Sourced: exports CXX, through ccache, unless the caller chose one.
if [ -z "${CXX:-}" ]; then
  if command -v clang++-19 > /dev/null; then CXX=clang++-19; else CXX=g++; fi
  if command -v ccache > /dev/null; then CXX="ccache $CXX"; fi
  export CXX
fi
