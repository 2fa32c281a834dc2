using Chat.Web.Client.State;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Chat.Web.Client.Components;

/// <summary>
/// A window of rows over a room's timeline. Which rows are drawn is decided here; that the row under the eye stays where
/// it is, by <c>list.js</c>.
/// </summary>
public sealed partial class MessageList
{
    private const int WindowRows = 180;
    private const int Step = 60;

    /// <summary>More than a screen has: what is drawn at once when a room is opened; the rest follows when that is seen.</summary>
    private const int FirstRows = 25;
    private ElementReference _scroller;
    private ElementReference _content;
    private DotNetObjectReference<MessageList>? _self;
    private IJSObjectReference? _list;
    private int _from;
    private int _to;
    private int _fresh;
    private bool _atBottom = true;
    private bool _away;
    private bool _placed;
    private bool _loading;
    private int _names;
    private string? _anchorId;
    private string? _newestId;
    private string? _show;
    private string? _highlight;
    private string? _editing;
    private bool _editingFromComposer;
    private TimelineView? _arranged;
    private TimelineView? _drawn;
    private Pace? _pace;

    /// <summary>Shows a message that is loaded, and marks it for a moment.</summary>
    public async Task JumpToAsync(string messageId)
    {
        _show = messageId;
        _highlight = messageId;
        _atBottom = false;
        Arrange();
        Around(messageId);
        StateHasChanged();
        await Task.Delay(TimeSpan.FromSeconds(3));
        if (_highlight == messageId)
        {
            _highlight = null;
            StateHasChanged();
        }
    }

    /// <summary>Begins to edit the newest message of one's own.</summary>
    public void EditLastOwn()
    {
        var own = View.Items.LastOrDefault(i =>
            i.Message.Sender == Store.Me?.Username && i.Message.DeletedAt is null && i.State == SendState.Sent);
        if (own is not null)
        {
            Edit(own.Id);
            _editingFromComposer = true;
        }
    }

    [JSInvokable]
    public void Moved(bool atBottom, string? anchorId)
    {
        _atBottom = atBottom;
        _anchorId = anchorId;
        Arrange();
        var live = atBottom && View.AtEnd && _to == View.Items.Count;
        Room.Timeline.Anchor(live ? null : anchorId);
        var away = !live && View.Items.Count - IndexOf(anchorId, View.Items.Count) > 30;
        if (live)
        {
            _fresh = 0;
            MarkRead();
        }

        if (away != _away || live)
        {
            _away = away;
            StateHasChanged();
        }
    }

    [JSInvokable]
    public async Task NearTop()
    {
        if (!_placed)
        {
            return;
        }

        Arrange();
        if (_from > 0)
        {
            _from = Math.Max(0, _from - Step);
            _to = Math.Min(_to, _from + WindowRows);
            StateHasChanged();
        }
        else if (View.HasOlder && !_loading)
        {
            _loading = true;
            await Actions.LoadOlderAsync(Room.Id);
            _loading = false;
        }
    }

    [JSInvokable]
    public async Task NearBottom()
    {
        if (!_placed)
        {
            return;
        }

        Arrange();
        if (_to < View.Items.Count)
        {
            _to = Math.Min(View.Items.Count, _to + Step);
            _from = Math.Max(_from, _to - WindowRows);
            StateHasChanged();
        }
        else if (View.HasNewer && !_loading)
        {
            _loading = true;
            await Actions.LoadNewerAsync(Room.Id);
            _loading = false;
        }
    }

    [JSInvokable]
    public void Seen()
    {
        Arrange();
        if (_atBottom && View.AtEnd && _to == View.Items.Count)
        {
            MarkRead();
        }
    }

    protected override void OnInitialized()
    {
        _pace = new Pace(Draw, Time);
        Room.Timeline.Changed += _pace.Ask;
        Room.Changed += _pace.Ask;
        Store.People.Changed += OnPerson;
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _self = DotNetObjectReference.Create(this);
            await using var module = await Js.InvokeAsync<IJSObjectReference>("import", "/js/list.js");
            _list = await module.InvokeAsync<IJSObjectReference>("attach", _scroller, _content, _self);
        }

        if (_list is not null && _show is { } show && View.Loaded)
        {
            _show = null;
            await _list.InvokeAsync<bool>("show", show);
            _placed = true;
        }
        else if (_list is not null && !_placed && View.Loaded)
        {
            _placed = true;
            await _list.InvokeVoidAsync("toBottom");
        }
    }

    public async ValueTask DisposeAsync()
    {
        Room.Timeline.Changed -= _pace!.Ask;
        Room.Changed -= _pace.Ask;
        Store.People.Changed -= OnPerson;
        _pace.Dispose();
        Room.Timeline.Anchor(null);
        if (_list is not null)
        {
            await _list.InvokeVoidAsync("dispose");
            await _list.DisposeAsync();
        }

        _self?.Dispose();
    }

    private void Draw()
    {
        var changed = !ReferenceEquals(_drawn, View);
        _drawn = View;
        StateHasChanged();
        if (changed && _atBottom && _placed && View.AtEnd)
        {
            _ = MarkReadIfSeenAsync();
        }
    }

    private void OnPerson(string username)
    {
        if (_names != Store.People.NamesVersion)
        {
            _names = Store.People.NamesVersion;
            _pace!.Ask();
        }
    }

    /// <summary>Which rows are drawn of what there is now; called before every use of them, because what there is may have changed since.</summary>
    private void Arrange()
    {
        if (!ReferenceEquals(_arranged, View))
        {
            _arranged = View;
            Window();
        }
    }

    private void Window()
    {
        var items = View.Items;
        var newest = items.Count > 0 ? items[^1].Id : null;
        if (!_placed && View.Loaded && Room.Timeline.FirstUnreadId is { } unread && IndexOf(unread, -1) >= 0)
        {
            _show ??= unread;
            _atBottom = false;
            Around(unread);
        }
        else if (_atBottom && View.AtEnd)
        {
            _to = items.Count;
            _from = Math.Max(0, _to - (_placed ? WindowRows - Step : FirstRows));
        }
        else if (IndexOf(_anchorId, -1) is >= 0 and var at)
        {
            // The window keeps its place in the history while pages come before it.
            _from = Math.Clamp(at - Step, 0, items.Count);
            _to = Math.Min(items.Count, _from + WindowRows);
        }
        else
        {
            _to = Math.Min(items.Count, Math.Max(_to, WindowRows));
            _from = Math.Max(0, _to - WindowRows);
        }

        if (newest != _newestId)
        {
            var known = IndexOf(_newestId, -1);
            if (_placed && known >= 0 && !_atBottom)
            {
                var own = Store.Me?.Username;
                _fresh += items.Skip(known + 1).Count(i => i.Message.Sender != own);
            }

            _newestId = newest;
        }
    }

    private void Around(string messageId)
    {
        var at = IndexOf(messageId, -1);
        if (at >= 0)
        {
            _anchorId = messageId;
            _from = Math.Max(0, at - Step);
            _to = Math.Min(View.Items.Count, _from + WindowRows);
        }
    }

    private int IndexOf(string? messageId, int otherwise)
    {
        if (messageId is not null)
        {
            for (var i = View.Items.Count - 1; i >= 0; i--)
            {
                if (View.Items[i].Id == messageId)
                {
                    return i;
                }
            }
        }

        return otherwise;
    }

    private async Task ToNewest()
    {
        await Actions.JumpToNewestAsync(Room.Id);
        _atBottom = true;
        _fresh = 0;
        _away = false;
        Window();
        StateHasChanged();
        if (_list is not null)
        {
            await _list.InvokeVoidAsync("toBottom");
        }
    }

    private async Task MarkReadIfSeenAsync()
    {
        if (_list is not null && await _list.InvokeAsync<bool>("isSeen"))
        {
            MarkRead();
        }
    }

    private void MarkRead()
    {
        if (View.Items.LastOrDefault(i => i.State == SendState.Sent) is { } last)
        {
            Actions.MarkRead(Room.Id, last.Id);
        }
    }

    private void Edit(string? messageId)
    {
        _editing = messageId;
        _editingFromComposer &= messageId is null;
        StateHasChanged();
    }

    private async Task JumpToReply(string messageId)
    {
        if (IndexOf(messageId, -1) < 0)
        {
            await Actions.LoadAroundAsync(Room.Id, messageId);
        }

        await JumpToAsync(messageId);
    }
}
