--[[
libmimic for LuaJIT: the C interface as the public headers declare it.

    local mimic = require "mimic"
    local options = mimic.new "mimic_csv_options"      -- zeroed, struct_size set
    mimic.scope(function(own)
        local ctx = own("mimic_context", function(out, err) return mimic.C.mimic_context_new(nil, out, err) end)
    end)                                               -- frees what is owned, the last one first

Nothing is declared here by hand: the headers of MIMIC_INCLUDE (/usr/local/include) are read when this is
loaded, and so fit the library of MIMIC_LIBRARY (libmimic.so.0, wherever the loader finds it) as long as both are of
one release; mimic_abi_version says when they are not.
]]
local ffi = require "ffi"

local folder = os.getenv "MIMIC_INCLUDE" or "/usr/local/include"

-- The declarations of a header, those it includes first. LuaJIT has a C parser, but no preprocessor: comments,
-- directives and attributes go, numbers that are #defined become enum constants, and of what depends on the byte
-- order the machine's form stays.
local function declarations(name, seen)
    if seen[name] then return "" end
    seen[name] = true
    local file, problem = io.open(folder .. "/" .. name)
    if not file then error(problem .. "; MIMIC_INCLUDE names the folder of the headers", 0) end
    local text = file:read("*a"):gsub("/%*.-%*/", ""):gsub("\\\n", " ")
    file:close()
    local before = {}
    for included in text:gmatch "#include <(mimic/[%w_]+%.h)>" do
        before[#before + 1] = declarations(included, seen)
    end
    text = text:gsub("#if[^\n]*__ORDER_BIG_ENDIAN__\n(.-)#else\n(.-)#endif", ffi.abi "be" and "%1" or "%2")
    text = text:gsub("(#define (MIMIC_[%w_]+)[ \t]+([^\n]*))", function(line, constant, value)
        return value:find "^[-%dxa-fu()< ]+$" and ("enum { %s = %s };"):format(constant, value) or line
    end)
    text = text:gsub("#[^\n]*", ""):gsub("static inline[^{]*%b{}", ""):gsub("MIMIC_PRINTF%b()", "")
    for _, word in ipairs { "MIMIC_API", "MIMIC_NODISCARD", "MIMIC_BEGIN_DECLS", "MIMIC_END_DECLS" } do
        text = text:gsub(word .. "%f[^%w_]", "")
    end
    return table.concat(before) .. text
end

ffi.cdef(declarations("mimic/mimic.h", {}))

local C = ffi.load(os.getenv "MIMIC_LIBRARY" or "libmimic.so." .. ffi.C.MIMIC_ABI_VERSION)
assert(C.mimic_abi_version() == ffi.C.MIMIC_ABI_VERSION, "headers and library are of different releases")

local mimic = { C = C }

-- A struct that begins with struct_size, as its INIT macro makes it.
function mimic.new(type)
    local made = ffi.new(type)
    made.struct_size = ffi.sizeof(type)
    return made
end

-- Calls `make(err)`; a failure is an error of Lua with the library's message. Returns the status.
function mimic.check(make)
    local err = mimic.new "mimic_error"
    local status = make(err)
    if status < 0 then error(ffi.string(err.message), 0) end
    return status
end

-- Runs `work(own)` and frees what it owned, whether it fails or not. `own(type, make)` gives the object
-- that make(out, err) made, as a C function would fill it.
function mimic.scope(work)
    local owned = {}
    local function own(type, make)
        local out = ffi.new(type .. " *[1]")
        mimic.check(function(err) return make(out, err) end)
        owned[#owned + 1] = function() C[type .. "_free"](out[0]) end
        return out[0]
    end
    local good, problem = pcall(work, own)
    for i = #owned, 1, -1 do owned[i]() end
    if not good then error(problem, 0) end
end

return mimic
