-- Reads a file of laboratory values batch by batch and prints a line for each item: rows, values, least, mean, largest.
--
--     luajit summary.lua labs.csv          (needs the headers and the library: see mimic.lua)
package.path = arg[0]:gsub("[^/]*$", "") .. "?.lua;" .. package.path
local ffi, mimic = require "ffi", require "mimic"
local C = mimic.C

local items = {}

-- The values of a column, in C's memory, and a function that tells whether a row has one.
local function column(batch, index, type)
    local validity = batch.columns[index].validity
    return ffi.cast(type, batch.columns[index].values), function(row)
        return validity == nil or bit.band(bit.rshift(validity[bit.rshift(row, 3)], bit.band(row, 7)), 1) == 1
    end
end

local function add(batch)
    local itemids = column(batch, 0, "const int32_t *")
    local valuenum, has_value = column(batch, 1, "const double *")
    local units, has_unit = column(batch, 2, "const int32_t *") -- numbers of texts in a dictionary
    local texts = batch.columns[2].dictionary
    for row = 0, tonumber(batch.row_count) - 1 do
        local item = items[itemids[row]]
        if not item then
            item = { unit = "", rows = 0, values = 0, sum = 0, least = math.huge, largest = -math.huge }
            items[itemids[row]] = item
        end
        item.rows = item.rows + 1
        if has_unit(row) then
            local from, to = texts.offsets[units[row]], texts.offsets[units[row] + 1]
            item.unit = ffi.string(texts.bytes + from, to - from)
        end
        if has_value(row) then
            local value = valuenum[row]
            item.values, item.sum = item.values + 1, item.sum + value
            item.least, item.largest = math.min(item.least, value), math.max(item.largest, value)
        end
    end
end

local function print_reject(reject)
    io.stderr:write(("line %d: %s: %s\n"):format(tonumber(reject.line), ffi.string(reject.column), ffi.string(reject.message)))
    return 0 -- go on
end

-- Not compiled by the JIT, which does not expect C to call back into Lua.
local function next_batch(reader, batch)
    return mimic.check(function(err) return C.mimic_csv_reader_next(reader, batch, err) end) == C.MIMIC_OK
end
jit.off(next_batch, true)

local function read(own, path)
    local ctx = own("mimic_context", function(out, err) return C.mimic_context_new(nil, out, err) end)
    local registry = own("mimic_registry", function(out, err) return C.mimic_registry_new(ctx, out, err) end)
    local source = own("mimic_source", function(out, err) return C.mimic_source_open(ctx, path, nil, out, err) end)
    local labs = ffi.new "const mimic_table *[1]"
    mimic.check(function(err) return C.mimic_registry_find_table(registry, "mimic-iv@3.1/labevents", labs, err) end)

    local options = mimic.new "mimic_csv_options"
    local columns = ffi.new("const char *[3]", { "itemid", "valuenum", "valueuom" })
    options.columns, options.column_count = columns, 3
    options.on_reject = print_reject
    local reader = own("mimic_csv_reader", function(out, err)
        return C.mimic_csv_reader_open(ctx, source, labs[0], options, out, err)
    end)
    local batch = ffi.new "const mimic_batch *[1]"
    while next_batch(reader, batch) do add(batch[0]) end
end

local good, problem = pcall(mimic.scope, function(own) read(own, arg[1] or error("usage: summary.lua FILE", 0)) end)
if not good then
    io.stderr:write(problem, "\n")
    os.exit(1)
end
local order = {}
for itemid in pairs(items) do order[#order + 1] = itemid end
table.sort(order)
for _, itemid in ipairs(order) do
    local item = items[itemid]
    local line = item.values == 0 and "%d: %d rows, no value" or "%d: %d rows, %d values, %.2f to %.2f, mean %.2f %s"
    print(line:format(itemid, item.rows, item.values, item.least, item.largest, item.sum / item.values, item.unit))
end
