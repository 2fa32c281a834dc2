using System.Globalization;

namespace Chat.Benchmarks.Load;

/// <summary>
/// How busy the whole machine is: every process and the kernel, and what the host of a virtual machine took away. From
/// <c>/proc/stat</c> (proc(5)).
/// </summary>
/// <param name="Busy">Ticks of all processors that were not idle, since the machine started.</param>
/// <param name="All">All ticks of all processors.</param>
internal readonly record struct MachineTimes(long Busy, long All)
{
    /// <summary>Zero where the system does not say.</summary>
    public static MachineTimes Now()
    {
        if (!OperatingSystem.IsLinux())
        {
            return default;
        }

        // cpu user nice system idle iowait irq softirq steal; guests are counted in user and nice already.
        var ticks = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8)
            .Select(t => long.Parse(t, CultureInfo.InvariantCulture)).ToArray();
        return new MachineTimes(ticks.Sum() - ticks[3] - ticks[4], ticks.Sum());
    }

    /// <summary>The part of all processors' time that was busy since then, 0 to 1; null where it is not known.</summary>
    public double? BusySince(MachineTimes then) => All > then.All ? (double)(Busy - then.Busy) / (All - then.All) : null;
}
