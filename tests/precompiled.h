// As src/base/precompiled.h, for the programs of the tests.
#include <doctest/doctest.h>

#include "../src/base/precompiled.h"
